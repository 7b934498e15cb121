// Room: Networks. The operator Not.

internal import Tensors

/// The opposite of each boolean.
package struct NotOperator: Operator {
  package init(_ node: NodeDescription) throws {}

  package var inPlaceInputs: [Int] { [0] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireType(0, .bool)
    return [TensorFacts(.bool, try inputs.required(0).shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    Kernel { arguments in
      try arguments.map(Bool.self, to: Bool.self) { source, target in
        for index in source.indices { target[index] = !source[index] }
      }
    }
  }
}
