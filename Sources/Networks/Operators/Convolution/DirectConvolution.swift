// Room: Networks. Convolution as its definition has it, for what the vector kernels do not cover.

internal import Tensors

/// Convolution as its definition has it, one output row at a time: for what no faster kernel covers.
enum DirectConvolution {
  /// What computes: input, weights, bias and output.
  typealias Body<T> =
    @Sendable (UnsafePointer<T>, UnsafePointer<T>, [T]?, UnsafeMutablePointer<T>) -> Void

  static func kernel<T: Real>(_: T.Type, _ shapes: ConvolutionShapes) -> Kernel {
    kernel(T.self) { run(shapes, $0, $1, $2, $3) }
  }

  /// A kernel that lends `body` the elements of input, weights, bias and output.
  static func kernel<T: Real>(_: T.Type, _ body: @escaping Body<T>) -> Kernel {
    Kernel { arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      let bias = arguments.optionalInput(2).map { $0.elements(as: T.self) }
      try arguments.input(0).withElements(of: T.self) { input in
        try arguments.input(1).withElements(of: T.self) { weights in
          guard let x = input.baseAddress, let w = weights.baseAddress, let y = target.baseAddress
          else { return }
          body(x, w, bias, y)
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
