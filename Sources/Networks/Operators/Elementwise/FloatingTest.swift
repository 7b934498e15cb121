// Room: Networks. What the operators that ask something of each float share.

internal import Tensors

/// An operator that gives a boolean for every float.
package protocol FloatingTest: Operator {
  func test<T: Real>(_ x: T) -> Bool
}

extension FloatingTest {
  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    guard input.elementType.isFloatingPoint else {
      throw OperatorFault.invalid("cannot work on \(input.elementType.rawValue) elements")
    }
    return [TensorFacts(.bool, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    switch try inputs.required(0).elementType {
    case .float64:
      return Kernel { [self] arguments in
        try arguments.map(Double.self, to: Bool.self) { source, target in
          for index in source.indices { target[index] = test(source[index]) }
        }
      }
    default:
      return Kernel { [self] arguments in
        try arguments.map(Float.self, to: Bool.self) { source, target in
          for index in source.indices { target[index] = test(source[index]) }
        }
      }
    }
  }
}
