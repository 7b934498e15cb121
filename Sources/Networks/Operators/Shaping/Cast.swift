// Room: Networks. The operator Cast.

internal import Tensors

/// The elements in another type; see `ElementConversion` for the edges.
package struct CastOperator: Operator {
  private let type: ElementType

  package init(_ node: NodeDescription) throws {
    guard let type = try node.elementType("to") else {
      throw OperatorFault.invalid("does not say which type to cast to")
    }
    self.type = type
  }

  package var widening: Widening { .none }

  package func viewedInput(_ inputs: Operands) -> Int? { inputs[0]?.elementType == type ? 0 : nil }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    [try TensorFacts(type, checking: inputs.required(0).shape.dimensions)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    Kernel { arguments in
      try ElementConversion.convert(arguments.input(0), into: arguments.output())
    }
  }
}
