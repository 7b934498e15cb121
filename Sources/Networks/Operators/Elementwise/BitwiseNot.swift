// Room: Networks. The operator BitwiseNot.

internal import Tensors

/// Every bit of each integer turned round.
package struct BitwiseNotOperator: Operator {
  package init(_ node: NodeDescription) throws {}

  package var inPlaceInputs: [Int] { [0] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    guard input.elementType.isInteger else {
      throw OperatorFault.invalid("cannot work on \(input.elementType.rawValue)")
    }
    return [TensorFacts(input.elementType, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    Kernel { arguments in
      let target = try arguments.output().plannedBytes
      try arguments.input(0).withBytes { source in
        for index in source.indices { target[index] = ~source[index] }
      }
    }
  }
}
