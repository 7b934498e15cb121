// Room: Networks. The operator Bernoulli.

internal import Tensors

/// 1 with the probability that the input gives, else 0.
package struct BernoulliOperator: Operator {
  private let source: RandomSource
  private let type: ElementType?

  package init(_ node: NodeDescription) throws {
    source = try RandomSource(node)
    type = try node.elementType("dtype")
  }

  package var widening: Widening { .none }
  package var isDeterministic: Bool { false }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    return [try TensorFacts(type ?? input.elementType, checking: input.shape.dimensions)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    Kernel { [source] arguments in
      let probabilities = try arguments.input(0).numericElements()
      let numbers = source.numbers()
      try SeededNumbers.fill(arguments.output()) {
        numbers.uniform($0) < probabilities[$0] ? 1 : 0
      }
    }
  }
}
