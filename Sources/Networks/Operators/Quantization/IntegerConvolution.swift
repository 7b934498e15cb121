// Room: Networks. Convolution of bytes less their zero points, in integers.

internal import Tensors

/// Convolutions whose sums are 32-bit integers, whatever becomes of these.
enum IntegerConvolution {
  /// Which of an operator's inputs is what.
  struct Places: Sendable {
    var input: Int, inputZero: Int, weights: Int, weightZeros: Int
    var bias: Int?
  }

  /// Takes runs of sums: the output plane they belong to, their place in it, how many, and where they
  /// lie.
  typealias Taker = (Int, Int, Int, UnsafePointer<Int32>) -> Void

  /// A kernel that lets `storing` run the convolution once, with what takes its sums.
  ///
  /// `prepared` is what `storing` needs besides, where it is known beforehand; else `preparing` makes
  /// it for each run.
  static func kernel<Extra: Sendable>(
    _ shapes: ConvolutionShapes, _ inputs: Operands, places: Places, prepared: Extra?,
    preparing: @escaping @Sendable (KernelArguments) throws -> Extra,
    storing:
      @escaping @Sendable (Extra, _ output: Tensor, _ run: (Taker) throws -> Void) throws -> Void
  ) throws -> Kernel {
    let isSigned = try inputs.required(places.input).elementType == .int8
    guard covers(shapes) else {
      return Kernel { arguments in
        let extra = try prepared ?? preparing(arguments)
        let output = try arguments.output()
        try storing(extra, output) { try direct(shapes, places, arguments, $0) }
      }
    }
    @Sendable func make(_ tensor: (Int) throws -> Tensor?) throws -> QuantizedConvolution {
      guard let weights = try tensor(places.weights) else {
        throw OperatorFault.invalid("the weights are missing")
      }
      return try planar(
        shapes, weights, weightZeros: QuantizationValues.integers(tensor(places.weightZeros)),
        bias: places.bias.flatMap { try tensor($0) }.map { try QuantizationValues.integers($0) },
        isSigned: isSigned, inputZero: QuantizationValues.integers(tensor(places.inputZero))[0])
    }
    var known: QuantizedConvolution?
    let needed =
      [places.weights, places.inputZero, places.weightZeros] + [places.bias].compactMap(\.self)
    if inputs.areConstant(needed) { known = try make { inputs[$0]?.constant } }
    let quads = (shapes.groupInputs + 3) / 4
    let words = try Checked.product(
      shapes.batch, Checked.product(shapes.groups * quads, shapes.inputPlane))
    return Kernel(scratchBytes: try Checked.product(words, 4)) { [known] arguments in
      let extra = try prepared ?? preparing(arguments)
      let convolution = try known ?? make { arguments.optionalInput($0) }
      let output = try arguments.output()
      guard let scratch = arguments.scratch.baseAddress, output.count > 0 else { return }
      _ = try arguments.input(places.input).withRawBytes { bytes in
        try storing(extra, output) { taker in
          convolution.run(input: bytes, batch: shapes.batch, scratch: scratch, taker)
        }
      }
    }
  }

  /// One and two dimensions have a vector kernel.
  private static func covers(_ shapes: ConvolutionShapes) -> Bool {
    shapes.windows.count <= 2 && VectorConvolution.covers(shapes)
  }

  private static func planar(
    _ shapes: ConvolutionShapes, _ weights: Tensor, weightZeros: [Int32], bias: [Int32]?,
    isSigned: Bool, inputZero: Int32
  ) throws -> QuantizedConvolution {
    let columns = shapes.windows[shapes.windows.count - 1]
    let rows =
      shapes.windows.count == 2
      ? shapes.windows[0]
      : Window(length: 1, kernel: 1, stride: 1, dilation: 1, before: 0, after: 0, output: 1)
    func axis(_ window: Window) -> WindowAxis {
      // The padding behind that makes just as many outputs.
      let reach = (window.output - 1) * window.stride + (window.kernel - 1) * window.dilation + 1
      return WindowAxis(
        taps: window.kernel, stride: window.stride, dilation: window.dilation,
        before: window.before, after: max(0, reach - window.before - window.length))
    }
    return try QuantizedConvolution(
      weights: weights.reshaped(to: [
        weights.shape[0], weights.shape[1], rows.kernel, columns.kernel,
      ]), zeros: weightZeros, bias: bias, groups: shapes.groups, vertical: axis(rows),
      horizontal: axis(columns),
      input: .init(
        height: rows.length, width: columns.length, isSigned: isSigned, zero: inputZero))
  }

  /// As the definition has it, for what the vector kernels do not cover.
  private static func direct(
    _ shapes: ConvolutionShapes, _ places: Places, _ arguments: KernelArguments,
    _ body: (_ plane: Int, _ place: Int, _ count: Int, UnsafePointer<Int32>) -> Void
  ) throws {
    let inputZero = try QuantizationValues.integers(arguments.optionalInput(places.inputZero))[0]
    let weightZeros = try QuantizationValues.integers(arguments.optionalInput(places.weightZeros))
    let bias = try places.bias.flatMap { arguments.optionalInput($0) }
      .map { try QuantizationValues.integers($0) }
    let x = try QuantizationValues.integers(arguments.input(places.input)).map { $0 &- inputZero }
    let w = try QuantizationValues.integers(arguments.input(places.weights))
    let (inPlane, taps) = (shapes.inputPlane, shapes.taps)
    let inner = shapes.windows[shapes.windows.count - 1]
    let outer = Array(shapes.windows.dropLast())
    let rows = outer.reduce(1) { $0 * $1.output }
    let cost = Double(shapes.outputPlane * taps * shapes.groupInputs)
    Parallel.items(shapes.batch * shapes.outputs, nanoseconds: cost) { item in
      let (image, output) = (item / shapes.outputs, item % shapes.outputs)
      let group = output / shapes.groupOutputs
      let zero = weightZeros[weightZeros.count == 1 ? 0 : output]
      var line = [Int32](repeating: 0, count: inner.output)
      for row in 0..<rows {
        for position in 0..<inner.output { line[position] = bias?[output] ?? 0 }
        for channel in 0..<shapes.groupInputs {
          let source = ((image * shapes.groups + group) * shapes.groupInputs + channel) * inPlane
          let kernel = (output * shapes.groupInputs + channel) * taps
          DirectConvolution.forEachTap(outer, row) { inputRow, tap in
            for position in 0..<inner.output {
              for own in inner.taps(position) {
                let place =
                  source + inputRow * inner.length + inner.start(position) + own * inner.dilation
                line[position] =
                  line[position] &+ (w[kernel + tap * inner.kernel + own] &- zero) &* x[place]
              }
            }
          }
        }
        line.withUnsafeBufferPointer { sums in
          guard let base = sums.baseAddress else { return }
          body(item, row * inner.output, inner.output, base)
        }
      }
    }
  }
}
