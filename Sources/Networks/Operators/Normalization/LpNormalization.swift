// Room: Networks. The operator LpNormalization.

internal import Tensors

/// Elements along an axis divided by their 1- or 2-norm; what has norm 0 stays 0.
package struct LpNormalizationOperator: Operator {
  private let axis: Int
  private let power: Int

  package init(_ node: NodeDescription) throws {
    axis = try node.int("axis", default: -1)
    power = try node.int("p", default: 2)
    guard power == 1 || power == 2 else {
      throw OperatorFault.invalid("p is \(power), but must be 1 or 2")
    }
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    _ = try Checked.axis(axis, rank: input.shape.rank)
    return [TensorFacts(input.elementType, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shape = try inputs.required(0).shape
    let place = try Checked.axis(axis, rank: shape.rank)
    return try RealKernel.make(
      inputs.required(0).elementType,
      NormBody(
        outer: shape.dimensions[..<place].reduce(1, *), count: shape[place],
        inner: shape.dimensions[(place + 1)...].reduce(1, *), power: power))
  }
}

private struct NormBody: RealBody {
  var outer: Int
  var count: Int
  var inner: Int
  var power: Int

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      try arguments.map(T.self, to: T.self) { source, target in
        for item in 0..<outer * inner {
          let start = item / inner * count * inner + item % inner
          var sum = 0.0
          for index in 0..<count {
            let value = Double(source[start + index * inner])
            sum += power == 1 ? abs(value) : value * value
          }
          let norm = power == 1 ? sum : sum.squareRoot()
          for index in 0..<count {
            let value = source[start + index * inner]
            target[start + index * inner] = norm == 0 ? 0 : T(Double(value) / norm)
          }
        }
      }
    }
  }
}
