// Room: Networks. The operator DeformConv.

internal import Tensors

/// Convolution whose taps are moved by offsets that the network gives, and weighted by a mask.
///
/// **Shapes**: input `[batch, channels, y, x]`, weights `[outputs, channels / groups, rows, columns]`,
/// offsets `[batch, offset groups · taps · 2, y', x']`, mask `[batch, offset groups · taps, y', x']`.
/// **Edge cases**: taps between elements are interpolated; outside the input there is 0.
/// **Source**: ONNX DeformConv, opsets 19, 22.
package struct DeformConvOperator: Operator {
  private let window: WindowAttributes
  private let groups: Int
  private let offsetGroups: Int
  private let packed = PackedOnce<Convolution>()

  package init(_ node: NodeDescription) throws {
    window = try WindowAttributes(node)
    groups = try node.int("group", default: 1)
    offsetGroups = try node.int("offset_group", default: 1)
  }

  private func shapes(_ inputs: Operands) throws -> ConvolutionShapes {
    let x = try inputs.required(0)
    guard x.shape.rank == 4 else {
      throw OperatorFault.unsupported("\(x.shape.rank - 2) spatial dimensions")
    }
    let shapes = try ConvolutionShapes(
      Operands([x, try inputs.required(1), inputs[3]]), window, groups)
    let (rows, columns) = (shapes.windows[0].output, shapes.windows[1].output)
    guard offsetGroups > 0, x.shape[1] % offsetGroups == 0 else {
      throw OperatorFault.invalid("\(x.shape[1]) channels in \(offsetGroups) offset groups")
    }
    let taps = try Checked.product(offsetGroups, shapes.taps)
    let offsets = try inputs.required(2).shape
    guard offsets.dimensions == [shapes.batch, 2 * taps, rows, columns],
      inputs[4].map({ $0.shape.dimensions == [shapes.batch, taps, rows, columns] }) ?? true
    else { throw OperatorFault.invalid("offsets of shape \(offsets) or the mask do not fit") }
    return shapes
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let type = try inputs.requireSameType([0, 1, 2, 3, 4])
    return [try shapes(inputs).output(type)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try shapes(inputs)
    if let run = try PackedDeformation(shapes, offsetGroups: offsetGroups, inputs, packed) {
      return run.kernel
    }
    return try RealKernel.make(
      inputs.required(0).elementType, DeformedBody(shapes: shapes, offsetGroups: offsetGroups))
  }
}

private struct DeformedBody: RealBody {
  let shapes: ConvolutionShapes
  let offsetGroups: Int

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      let bias = arguments.optionalInput(3)?.elements(as: T.self)
      let mask = arguments.optionalInput(4)?.contiguous()
      try arguments.input(0).withElements(of: T.self) { x in
        try arguments.input(1).withElements(of: T.self) { w in
          try arguments.input(2).withElements(of: T.self) { offsets in
            guard let x = x.baseAddress, let w = w.baseAddress, let o = offsets.baseAddress,
              let y = target.baseAddress, !target.isEmpty
            else { return }
            if let mask {
              mask.withElements(of: T.self) { run(x, w, o, bias, $0.baseAddress, y) }
            } else {
              run(x, w, o, bias, nil, y)
            }
          }
        }
      }
    }
  }

  private func run<T: Real>(
    _ x: UnsafePointer<T>, _ w: UnsafePointer<T>, _ offsets: UnsafePointer<T>, _ bias: [T]?,
    _ mask: UnsafePointer<T>?, _ y: UnsafeMutablePointer<T>
  ) {
    let (rows, columns) = (shapes.windows[0], shapes.windows[1])
    let (taps, plane) = (shapes.taps, shapes.outputPlane)
    let channels = shapes.groups * shapes.groupInputs
    let perOffset = channels / offsetGroups
    Parallel.items(
      shapes.batch * rows.output,
      nanoseconds: Double(columns.output * channels * taps * (4 + shapes.groupOutputs))
    ) { item in
      let (image, row) = (item / rows.output, item % rows.output)
      // The moved taps of one output position, for every channel.
      var samples = [T](repeating: 0, count: channels * taps)
      for column in 0..<columns.output {
        let position = row * columns.output + column
        for channel in 0..<channels {
          let group = channel / perOffset
          let source = x + (image * channels + channel) * shapes.inputPlane
          for tap in 0..<taps {
            let own = (image * offsetGroups + group) * taps + tap
            let (line, place) = (tap / columns.kernel, tap % columns.kernel)
            let moved = (
              T(rows.start(row) + line * rows.dilation) + offsets[2 * own * plane + position],
              T(columns.start(column) + place * columns.dilation)
                + offsets[(2 * own + 1) * plane + position]
            )
            var value = sample(source, moved.0, moved.1)
            if let mask { value *= mask[own * plane + position] }
            samples[channel * taps + tap] = value
          }
        }
        for output in 0..<shapes.outputs {
          let first = output / shapes.groupOutputs * shapes.groupInputs * taps
          let weights = w + output * shapes.groupInputs * taps
          var sum = bias?[output] ?? 0
          for index in 0..<shapes.groupInputs * taps {
            sum += weights[index] * samples[first + index]
          }
          y[(image * shapes.outputs + output) * plane + position] = sum
        }
      }
    }
  }

  private func sample<T: Real>(_ plane: UnsafePointer<T>, _ y: T, _ x: T) -> T {
    let (height, width) = (shapes.windows[0].length, shapes.windows[1].length)
    guard y > -1, y < T(height), x > -1, x < T(width) else { return 0 }
    let (top, left) = (Int(y.rounded(.down)), Int(x.rounded(.down)))
    let (dy, dx) = (y - T(top), x - T(left))
    func value(_ row: Int, _ column: Int) -> T {
      row >= 0 && row < height && column >= 0 && column < width ? plane[row * width + column] : 0
    }
    let upper = value(top, left) * (1 - dx) + value(top, left + 1) * dx
    let lower = value(top + 1, left) * (1 - dx) + value(top + 1, left + 1) * dx
    return upper * (1 - dy) + lower * dy
  }
}
