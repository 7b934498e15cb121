// Room: Networks. The operator Conv.

package import Tensors

/// Convolution in any number of spatial dimensions, with groups, dilation and every padding.
///
/// **Shapes**: input `[batch, channels, spatial…]`, weights `[outputs, channels / groups,
/// kernel…]`, bias `[outputs]`. **Source**: ONNX Conv, opsets 1, 11, 22.
package struct ConvOperator: Operator {
  private let window: WindowAttributes
  private let groups: Int

  package init(_ node: NodeDescription) throws {
    window = try WindowAttributes(node)
    groups = try node.int("group", default: 1)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...3)
    let type = try inputs.requireSameType([0, 1, 2])
    guard type.isFloatingPoint else {
      throw OperatorFault.invalid("cannot work on \(type.rawValue) elements")
    }
    return [try ConvolutionShapes(inputs, window, groups).output(type)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try ConvolutionShapes(inputs, window, groups)
    switch try inputs.required(0).elementType {
    case .float32: return DirectConvolution.kernel(Float.self, shapes)
    case .float64: return DirectConvolution.kernel(Double.self, shapes)
    case let type: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }
}

/// A convolution's lengths, checked.
package struct ConvolutionShapes: Sendable {
  package let batch: Int
  package let groups: Int
  package let groupInputs: Int
  package let groupOutputs: Int
  package let windows: [Window]

  package var outputs: Int { groups * groupOutputs }
  package var inputPlane: Int { windows.reduce(1) { $0 * $1.length } }
  package var outputPlane: Int { windows.reduce(1) { $0 * $1.output } }
  package var taps: Int { windows.reduce(1) { $0 * $1.kernel } }

  package init(_ inputs: Operands, _ attributes: WindowAttributes, _ groups: Int) throws {
    let input = try inputs.required(0, rank: 3...64).shape
    let weights = try inputs.required(1, rank: input.rank...input.rank).shape
    guard groups > 0, input[1] % groups == 0, weights[0] % groups == 0,
      weights[1] == input[1] / groups
    else {
      throw OperatorFault.invalid(
        "weights of shape \(weights) in \(groups) groups do not fit an input of shape \(input)")
    }
    let kernel = Array(weights.dimensions[2...])
    if let given = attributes.kernel, given != kernel {
      throw OperatorFault.invalid("kernel_shape \(given) is not that of the weights, \(kernel)")
    }
    if let bias = inputs[2], bias.shape.dimensions != [weights[0]] {
      throw OperatorFault.invalid("bias of shape \(bias.shape) does not fit \(weights[0]) outputs")
    }
    batch = input[0]
    self.groups = groups
    groupInputs = weights[1]
    groupOutputs = weights[0] / groups
    windows = try attributes.resolve(spatial: Array(input.dimensions[2...]), kernel: kernel)
  }

  package func output(_ type: ElementType) throws -> TensorFacts {
    try TensorFacts(type, checking: [batch, outputs] + windows.map(\.output))
  }
}

/// Convolution as its definition has it, one output row at a time: for what no faster kernel covers.
enum DirectConvolution {
  static func kernel<T: Real>(_: T.Type, _ shapes: ConvolutionShapes) -> Kernel {
    Kernel { arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      let bias = arguments.optionalInput(2).map { $0.elements(as: T.self) }
      try arguments.input(0).withElements(of: T.self) { input in
        try arguments.input(1).withElements(of: T.self) { weights in
          guard let x = input.baseAddress, let w = weights.baseAddress, let y = target.baseAddress
          else { return }
          run(shapes, x, w, bias, y)
        }
      }
    }
  }

  private static func run<T: Real>(
    _ shapes: ConvolutionShapes, _ x: UnsafePointer<T>, _ w: UnsafePointer<T>, _ bias: [T]?,
    _ y: UnsafeMutablePointer<T>
  ) {
    let (inPlane, outPlane, taps) = (shapes.inputPlane, shapes.outputPlane, shapes.taps)
    let inner = shapes.windows[shapes.windows.count - 1]
    let outer = Array(shapes.windows.dropLast())
    let rows = outer.reduce(1) { $0 * $1.output }
    let cost = Double(outPlane * shapes.groupInputs * taps) * 0.3
    Parallel.items(shapes.batch * shapes.outputs, nanoseconds: cost) { item in
      let (image, output) = (item / shapes.outputs, item % shapes.outputs)
      let group = output / shapes.groupOutputs
      let plane = y + item * outPlane
      plane.update(repeating: bias?[output] ?? 0, count: outPlane)
      for channel in 0..<shapes.groupInputs {
        let source =
          x + (image * shapes.groups + group) * shapes.groupInputs * inPlane
          + channel * inPlane
        let kernel = w + (output * shapes.groupInputs + channel) * taps
        for row in 0..<rows {
          forEachTap(outer, row) { offset, tap in
            addRow(
              inner, kernel + tap * inner.kernel, source + offset * inner.length,
              plane + row * inner.output)
          }
        }
      }
    }
  }

  /// Calls `body` with the input row and the tap for each tap of an output row inside the input.
  @inline(__always)
  static func forEachTap(
    _ outer: [Window], _ row: Int, _ body: (_ inputRow: Int, _ tap: Int) -> Void
  ) {
    if outer.isEmpty { return body(0, 0) }
    if outer.count == 1 {
      let window = outer[0]
      for tap in window.taps(row) { body(window.start(row) + tap * window.dilation, tap) }
      return
    }
    visit(
      outer, row, axis: 0, inputRow: 0, tap: 0, stride: outer.reduce(1) { $0 * $1.output }, body)
  }

  private static func visit(
    _ outer: [Window], _ row: Int, axis: Int, inputRow: Int, tap: Int, stride: Int,
    _ body: (Int, Int) -> Void
  ) {
    guard axis < outer.count else { return body(inputRow, tap) }
    let window = outer[axis]
    let step = stride / max(window.output, 1)
    let position = row / step
    for own in window.taps(position) {
      visit(
        outer, row % step, axis: axis + 1,
        inputRow: inputRow * window.length + window.start(position) + own * window.dilation,
        tap: tap * window.kernel + own, stride: step, body)
    }
  }

  @inline(__always)
  private static func addRow<T: Real>(
    _ window: Window, _ w: UnsafePointer<T>, _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>
  ) {
    for tap in 0..<window.kernel {
      let shift = tap * window.dilation - window.before
      // The outputs whose tap lies inside: 0 <= position · stride + shift < length.
      let first = shift >= 0 ? 0 : (-shift + window.stride - 1) / window.stride
      let last = min(
        window.output,
        window.length - shift <= 0 ? 0 : (window.length - shift - 1) / window.stride + 1)
      guard first < last else { continue }
      let weight = w[tap]
      if window.stride == 1 {
        let source = x + shift
        for position in first..<last { y[position] += weight * source[position] }
      } else {
        for position in first..<last {
          y[position] += weight * x[position &* window.stride &+ shift]
        }
      }
    }
  }
}
