// Room: Networks. The operator QLinearConv.

internal import Tensors

/// Convolution of quantised tensors, quantised again.
///
/// **Source**: ONNX `QLinearConv`, opset 10.
package struct QLinearConvOperator: Operator {
  private let window: WindowAttributes
  private let groups: Int
  /// The results that an activation leaves, in quanta; nil where the type's own range holds.
  private let bounds: ClosedRange<Int32>?

  package init(_ node: NodeDescription) throws {
    window = try WindowAttributes(node)
    groups = try node.int("group", default: 1)
    bounds = nil
  }

  /// The convolution that a pass makes of one between quantisations.
  init(window: WindowAttributes, groups: Int, bounds: ClosedRange<Int32>?) {
    (self.window, self.groups, self.bounds) = (window, groups, bounds)
  }

  package var widening: Widening { .none }

  private func shapes(_ inputs: Operands) throws -> ConvolutionShapes {
    try ConvolutionShapes(
      Operands([try inputs.required(0), try inputs.required(3), inputs[8]]), window, groups)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(8...9)
    let shapes = try shapes(inputs)
    try inputs.requireBytes(0, 2, 3, 5, 7)
    try inputs.requireType(8, .int32)
    try inputs.requireSingle(1, 2, 6, 7)
    for index in [4, 5] {
      let shape = try inputs.required(index).shape
      guard shape.count == 1 || shape.dimensions == [shapes.outputs] else {
        throw OperatorFault.invalid("scales or zero points of shape \(shape) do not fit")
      }
    }
    return [try shapes.output(inputs.required(7).elementType)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try shapes(inputs)
    guard let range = outputs[0]?.elementType.byteRange else {
      throw OperatorFault.unsupported("this element type")
    }
    let limits = bounds ?? range.low...range.high
    @Sendable func requantization(_ tensor: (Int) throws -> Tensor?) throws -> Requantization {
      let (input, output) = (
        try QuantizationValues.floats(tensor(1))[0], try QuantizationValues.floats(tensor(6))[0]
      )
      return Requantization(
        scales: try QuantizationValues.floats(tensor(4)).map { input * $0 / output },
        zero: try QuantizationValues.integers(tensor(7))[0], low: limits.lowerBound,
        high: limits.upperBound)
    }
    return try IntegerConvolution.kernel(
      shapes, inputs, places: .init(input: 0, inputZero: 2, weights: 3, weightZeros: 5, bias: 8),
      prepared: inputs.areConstant([1, 4, 6, 7])
        ? try requantization { inputs[$0]?.constant } : nil,
      preparing: { arguments in try requantization { arguments.optionalInput($0) } },
      storing: { requantization, output, run in
        guard let base = output.plannedBytes.baseAddress else { return }
        let target = base.assumingMemoryBound(to: UInt8.self)
        let (outputs, size) = (shapes.outputs, shapes.outputPlane)
        try requantization.withWriter { writer in
          try run { plane, place, count, sums in
            writer.store(
              sums, count: count, channel: plane % outputs, to: target + plane * size + place)
          }
        }
      })
  }
}
