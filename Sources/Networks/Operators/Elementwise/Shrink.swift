// Room: Networks. The operator Shrink.

internal import Tensors

/// 0 within ±lambd; outside, moved towards 0 by a bias.
package struct ShrinkOperator: Operator {
  private let bias: Double
  private let lambd: Double

  package init(_ node: NodeDescription) throws {
    bias = Double(try node.float("bias", default: 0))
    lambd = Double(try node.float("lambd", default: 0.5))
  }

  package var widening: Widening { [.halves, .integers] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    guard input.elementType.isNumber else {
      throw OperatorFault.invalid("cannot work on booleans")
    }
    return [TensorFacts(input.elementType, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    try inputs.required(0).elementType.computing(ShrinkBody(bias: bias, lambd: lambd))
  }
}

private struct ShrinkBody: NumberBody {
  let bias: Double
  let lambd: Double

  func run<T: Number>(_: T.Type) throws -> Kernel {
    Kernel { [bias, lambd] arguments in
      try arguments.map(T.self, to: T.self) { source, target in
        for index in source.indices {
          let x = source[index].asDouble
          target[index] = T(number: x < -lambd ? x + bias : x > lambd ? x - bias : x.isNaN ? x : 0)
        }
      }
    }
  }
}
