// Room: Networks. The operator DynamicQuantizeMatMul of com.microsoft.

internal import Tensors

/// A float matrix, quantised by its own range, times a byte matrix; with a bias.
///
/// Inputs: A, B, B's scale (one, or one a column), B's zero point, the bias.
package struct ComMicrosoftDynamicQuantizeMatMulOperator: Operator {
  package init(_ node: NodeDescription) throws {}

  package var widening: Widening { .none }

  private func shapes(_ inputs: Operands) throws -> MatrixShapes {
    try MatrixShapes(Operands([inputs.required(0), inputs.required(1)]))
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(3...5)
    try inputs.requireType(0, .float32)
    try inputs.requireBytes(1, 3)
    let shapes = try shapes(inputs)
    try ScaledProduct.check(inputs, shapes, scale: 2, zero: 3, bias: 4)
    return [try TensorFacts(.float32, checking: shapes.result)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try shapes(inputs)
    let input = try inputs.required(0)
    let product = IntegerProduct(
      shapes, a: TensorFacts(.uint8, input.shape), b: try inputs.required(1))
    return Kernel { arguments in
      let left = try Tensor(working: input.shape, .uint8)
      let dynamic = try DynamicQuantization.quantize(
        arguments.input(0), into: left.plannedDestination(of: UInt8.self))
      try ScaledProduct.run(
        product, shapes, left: left, right: arguments.input(1), leftScale: dynamic.scale,
        leftZero: [Int32(dynamic.zero)],
        rightScales: QuantizationValues.floats(arguments.input(2)),
        rightZeros: QuantizationValues.integers(arguments.optionalInput(3)),
        bias: arguments.optionalInput(4), into: arguments.output())
    }
  }
}
