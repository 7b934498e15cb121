// Room: Networks. The operator QLinearMatMul.

internal import Tensors

/// The matrix product of quantised tensors, quantised again.
package struct QLinearMatMulOperator: Operator {
  package init(_ node: NodeDescription) throws {}

  package var widening: Widening { .none }

  private func shapes(_ inputs: Operands) throws -> MatrixShapes {
    try MatrixShapes(Operands([try inputs.required(0), try inputs.required(3)]))
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(8...8)
    let shapes = try shapes(inputs)
    for index in [0, 3, 7] { try inputs.requireType(index, .int8, .uint8) }
    for (index, length) in [(1, 0), (2, 0), (4, shapes.n), (5, shapes.n), (6, 0), (7, 0)] {
      let shape = try inputs.required(index).shape
      guard shape.count == 1 || shape.dimensions == [length] else {
        throw OperatorFault.unsupported("scales or zero points of shape \(shape)")
      }
    }
    return [try TensorFacts(inputs.required(7).elementType, checking: shapes.result)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try shapes(inputs)
    guard let range = outputs[0]?.elementType.integerRange else {
      throw OperatorFault.unsupported("this element type")
    }
    return Kernel { arguments in
      let product = try IntegerProduct(shapes, arguments, a: 0, b: 3, aZero: 2, bZero: 5)
      let aScale = try arguments.input(1).numericElements()[0]
      let bScales = try arguments.input(4).numericElements()
      let scale = try arguments.input(6).numericElements()[0]
      let zero = try arguments.input(7).numericElements()[0]
      let output = try arguments.output()
      let result = Tensor(uninitialized: output.shape, .float64)
      let target = result.plannedDestination(of: Double.self)
      product.forEach { index, column, sum in
        let value = Double(sum) * aScale * bScales[bScales.count == 1 ? 0 : column] / scale
        let rounded = value.rounded(.toNearestOrEven) + zero
        target[index] = min(max(rounded, range.lowerBound), range.upperBound)
      }
      try ElementConversion.convert(result, into: output)
    }
  }
}
