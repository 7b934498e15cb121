// Room: Networks. The operator MatMulIntegerToFloat of com.microsoft.

internal import Tensors

/// The product of byte matrices times their scales, in float32, with a bias.
///
/// Inputs: A, B, A's scale, B's scale (one, or one a column), A's zero point, B's, the bias.
package struct ComMicrosoftMatMulIntegerToFloatOperator: Operator {
  package init(_ node: NodeDescription) throws {}

  package var widening: Widening { .none }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(4...7)
    try inputs.requireBytes(0, 1, 4, 5)
    try inputs.requireSingle(2, 4)
    let shapes = try MatrixShapes(Operands([inputs.required(0), inputs.required(1)]))
    try ScaledProduct.check(inputs, shapes, scale: 3, zero: 5, bias: 6)
    return [try TensorFacts(inputs.required(2).elementType, checking: shapes.result)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try MatrixShapes(Operands([inputs.required(0), inputs.required(1)]))
    let product = IntegerProduct(shapes, a: try inputs.required(0), b: try inputs.required(1))
    return Kernel { arguments in
      try ScaledProduct.run(
        product, shapes, left: arguments.input(0), right: arguments.input(1),
        leftScale: QuantizationValues.floats(arguments.input(2))[0],
        leftZero: QuantizationValues.integers(arguments.optionalInput(4)),
        rightScales: QuantizationValues.floats(arguments.input(3)),
        rightZeros: QuantizationValues.integers(arguments.optionalInput(5)),
        bias: arguments.optionalInput(6), into: arguments.output())
    }
  }
}

/// Integer products that end as floats.
enum ScaledProduct {
  /// Throws unless the right-hand side's scale, zero point and bias fit the columns.
  static func check(
    _ inputs: Operands, _ shapes: MatrixShapes, scale: Int, zero: Int, bias: Int
  ) throws {
    for index in [scale, zero, bias] {
      guard let shape = inputs[index]?.shape else { continue }
      guard shape.count == 1 && index != bias || shape.count == shapes.n else {
        throw OperatorFault.invalid("input \(index) of shape \(shape) does not fit the columns")
      }
    }
  }

  static func run(
    _ product: IntegerProduct, _ shapes: MatrixShapes, left: Tensor, right: Tensor,
    leftScale: Float, leftZero: [Int32], rightScales: [Float], rightZeros: [Int32], bias: Tensor?,
    into output: Tensor
  ) throws {
    let n = shapes.n
    let result =
      output.elementType == .float32 ? output : try Tensor(working: output.shape, .float32)
    guard let target = result.plannedDestination(of: Float.self).baseAddress, output.count > 0
    else { return }
    let scales = (0..<n).map { leftScale * rightScales[rightScales.count == 1 ? 0 : $0] }
    let shift = try bias.map { try QuantizationValues.floats($0) }
    ScaledSums.with(scales: scales, shifts: shift) { floats in
      product.run(.init(tensor: left, zeros: leftZero), .init(tensor: right, zeros: rightZeros)) {
        row, column, count, sums, added in
        floats.store(
          sums, adding: added, column: column, count: count, to: target + row * n + column)
      }
    }
    if output.elementType != .float32 { try ElementConversion.convert(result, into: output) }
  }
}
