// Room: Networks. Convolution of bytes less their zero points, in integers.

internal import Tensors

/// Sums of products under a sliding window, for quantised convolutions.
struct IntegerConvolution: Sendable {
  let shapes: ConvolutionShapes

  /// Calls `body` with each result's place, its output channel, and its sum.
  func run(
    _ input: Tensor, _ weights: Tensor, inputZero: Int32, weightZeros: [Int32],
    _ body: (_ index: Int, _ channel: Int, _ sum: Int) -> Void
  ) throws {
    let x = try ElementConversion.convert(input, to: .int32).elements(as: Int32.self)
      .map { Int($0 - inputZero) }
    let w = try ElementConversion.convert(weights, to: .int32).elements(as: Int32.self)
    let (inPlane, outPlane, taps) = (shapes.inputPlane, shapes.outputPlane, shapes.taps)
    let inner = shapes.windows[shapes.windows.count - 1]
    let outer = Array(shapes.windows.dropLast())
    let rows = outer.reduce(1) { $0 * $1.output }
    Parallel.items(
      shapes.batch * shapes.outputs, nanoseconds: Double(outPlane * taps * shapes.groupInputs)
    ) { item in
      let (image, output) = (item / shapes.outputs, item % shapes.outputs)
      let group = output / shapes.groupOutputs
      let zero = weightZeros[weightZeros.count == 1 ? 0 : output]
      var line = [Int](repeating: 0, count: inner.output)
      for row in 0..<rows {
        for position in 0..<inner.output { line[position] = 0 }
        for channel in 0..<shapes.groupInputs {
          let source = ((image * shapes.groups + group) * shapes.groupInputs + channel) * inPlane
          let kernel = (output * shapes.groupInputs + channel) * taps
          DirectConvolution.forEachTap(outer, row) { inputRow, tap in
            for position in 0..<inner.output {
              for own in inner.taps(position) {
                line[position] +=
                  Int(w[kernel + tap * inner.kernel + own] - zero)
                  * x[
                    source + inputRow * inner.length + inner.start(position) + own * inner.dilation]
              }
            }
          }
        }
        for position in 0..<inner.output {
          body(item * outPlane + row * inner.output + position, output, line[position])
        }
      }
    }
  }
}
