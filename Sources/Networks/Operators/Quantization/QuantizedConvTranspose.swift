// Room: Networks. Transposed convolution of quantised tensors, quantised again.

internal import Tensors

/// What the pass `IntegerComputation` makes of a `ConvTranspose` of one group, in one or two
/// dimensions, between quantisations.
///
/// Inputs, all but the first constants: X, its scale and zero point, the weights, their scales and
/// zero points, the result's scale and zero point, and a bias in units of the product or none.
struct QuantizedConvTranspose: FusedOperator {
  private let convolution: ConvTransposeOperator
  /// The results that an activation leaves, in quanta.
  private let bounds: ClosedRange<Int32>

  /// Phases cost a plan each.
  private static let mostPhases = 64

  /// Nil for what there are no integer kernels for.
  init?(_ convolution: ConvTransposeOperator, rank: Int, bounds: ClosedRange<Int32>) {
    let strides = convolution.window.strides ?? []
    guard convolution.activation == .none, convolution.groups == 1, (3...4).contains(rank),
      convolution.padsAreGiven, strides.allSatisfy({ 1...Self.mostPhases ~= $0 }),
      strides.reduce(1, { min($0, Self.mostPhases) * $1 }) <= Self.mostPhases
    else { return nil }
    (self.convolution, self.bounds) = (convolution, bounds)
  }

  var widening: Widening { .none }

  private func shapes(_ inputs: Operands) throws -> ConvolutionShapes {
    try convolution.shapes(Operands([inputs[0], inputs[3], inputs[8]]))
  }

  func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(8...9)
    let shapes = try shapes(inputs)
    try inputs.requireBytes(0, 2, 3, 5, 7)
    return [
      try TensorFacts(
        inputs.required(7).elementType,
        checking: [shapes.batch, shapes.outputs] + shapes.windows.map(\.length))
    ]
  }

  func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try shapes(inputs)
    func constant(_ index: Int) throws -> Tensor {
      guard let tensor = inputs[index]?.constant else {
        throw OperatorFault.invalid("was planned with constants for inputs")
      }
      return tensor
    }
    let weights = try constant(3)
    let zeros = try QuantizationValues.integers(constant(5))
    let units =
      try QuantizationValues.floats(constant(1))[0] / QuantizationValues.floats(constant(6))[0]
    let requantization = Requantization(
      scales: try QuantizationValues.floats(constant(4)).map { $0 * units },
      zero: try QuantizationValues.integers(constant(7))[0], low: bounds.lowerBound,
      high: bounds.upperBound)
    guard weights.count > 0, [1, shapes.outputs].contains(zeros.count),
      [1, shapes.outputs].contains(requantization.scales.count),
      shapes.batch > 0, shapes.windows.allSatisfy({ $0.length > 0 && $0.before >= 0 })
    else {
      return Kernel { arguments in
        guard try arguments.output().count == 0 else {
          throw OperatorFault.invalid("its weights do not fit")
        }
      }
    }
    // `shapes` is the plain convolution's: its output is our input.
    let missing = Window(
      length: 1, kernel: 1, stride: 1, dilation: 1, before: 0, after: 0, output: 1)
    let windows = shapes.windows.count == 1 ? [missing] + shapes.windows : shapes.windows
    func axis(_ window: Window) -> QuantizedTransposedConvolution.Axis {
      var axis = window.axis
      axis.after = 0
      return .init(axis, outLength: window.length)
    }
    let input = try inputs.required(0)
    let work = try QuantizedTransposedConvolution(
      weights: weights.reshaped(to: [
        weights.shape[0], weights.shape[1], windows[0].kernel, windows[1].kernel,
      ]), zeros: zeros,
      bias: try inputs[8] == nil ? nil : QuantizationValues.integers(constant(8)),
      vertical: axis(windows[0]), horizontal: axis(windows[1]),
      input: .init(
        height: windows[0].output, width: windows[1].output,
        isSigned: input.elementType == .int8,
        zero: QuantizationValues.integers(constant(2))[0]))
    let batch = shapes.batch
    return Kernel(scratchBytes: work.scratchBytes(batch: batch), name: "integers") { arguments in
      guard let scratch = arguments.scratch.baseAddress else { return }
      try arguments.move { source, target in
        work.run(
          input: source.assumingMemoryBound(to: UInt8.self), batch: batch, scratch: scratch,
          requantization, to: target.assumingMemoryBound(to: UInt8.self))
      }
    }
  }
}
