// Room: Networks. The operator Det.

internal import Tensors

/// The determinants of square matrices, by elimination in double precision.
package struct DetOperator: Operator {
  package init(_ node: NodeDescription) throws {}

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 2...64)
    let lengths = input.shape.dimensions
    guard lengths[lengths.count - 1] == lengths[lengths.count - 2] else {
      throw OperatorFault.invalid("shape \(input.shape) has no square matrices")
    }
    return [try TensorFacts(input.elementType, checking: Array(lengths.dropLast(2)))]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let size = try inputs.required(0).shape.dimensions.last ?? 0
    return Kernel { arguments in
      let values = try arguments.input(0).numericElements()
      let output = try arguments.output()
      let results = (0..<output.count).map { item in
        Self.determinant(Array(values[item * size * size..<(item + 1) * size * size]), size)
      }
      try ElementConversion.convert(Tensor(results, shape: output.shape), into: output)
    }
  }

  private static func determinant(_ matrix: [Double], _ size: Int) -> Double {
    var (m, result) = (matrix, 1.0)
    for column in 0..<size {
      var pivot = column
      for row in column..<size where abs(m[row * size + column]) > abs(m[pivot * size + column]) {
        pivot = row
      }
      guard m[pivot * size + column] != 0 else { return 0 }
      if pivot != column {
        result = -result
        for index in 0..<size { m.swapAt(pivot * size + index, column * size + index) }
      }
      result *= m[column * size + column]
      for row in column + 1..<max(size, column + 1) {
        let factor = m[row * size + column] / m[column * size + column]
        for index in column..<size { m[row * size + index] -= factor * m[column * size + index] }
      }
    }
    return result
  }
}
