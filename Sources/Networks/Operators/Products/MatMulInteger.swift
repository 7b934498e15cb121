// Room: Networks. The operator MatMulInteger.

internal import Tensors

/// The matrix product of bytes less their zero points, in 32-bit integers.
///
/// **Source**: ONNX `MatMulInteger`, opset 10.
package struct MatMulIntegerOperator: Operator {
  package init(_ node: NodeDescription) throws {}

  package var widening: Widening { .none }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...4)
    try inputs.requireBytes(0, 1, 2, 3)
    let shapes = try MatrixShapes(inputs)
    for (index, length) in [(2, shapes.m), (3, shapes.n)] {
      if let zero = inputs[index]?.shape, zero.count != 1, zero.dimensions != [length] {
        throw OperatorFault.unsupported("zero points of shape \(zero)")
      }
    }
    return [try TensorFacts(.int32, checking: shapes.result)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try MatrixShapes(inputs)
    let product = IntegerProduct(shapes, a: try inputs.required(0), b: try inputs.required(1))
    let columns = shapes.n
    return Kernel { arguments in
      let target = try arguments.output().plannedDestination(of: Int32.self)
      guard let result = target.baseAddress, !target.isEmpty else { return }
      if shapes.k == 0 { return result.update(repeating: 0, count: target.count) }
      try product.run(
        .init(
          tensor: arguments.input(0),
          zeros: QuantizationValues.integers(arguments.optionalInput(2))),
        .init(
          tensor: arguments.input(1),
          zeros: QuantizationValues.integers(arguments.optionalInput(3)))
      ) { row, column, count, sums, added in
        let line = result + row * columns + column
        for index in 0..<count { line[index] = sums[index] &+ added[index] }
      }
    }
  }
}
