// Room: Networks. The operator CastLike.

internal import Tensors

/// The elements of input 0 in the type of input 1.
package struct CastLikeOperator: Operator {
  private let rounding: SmallFloatRounding

  package init(_ node: NodeDescription) throws { rounding = try SmallFloatRounding(node) }

  package var widening: Widening { .none }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    [
      try TensorFacts(
        inputs.required(1).elementType, checking: inputs.required(0).shape.dimensions)
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    Kernel { [rounding] arguments in
      try ElementConversion.convert(
        arguments.input(0), into: arguments.output(), rounding: rounding)
    }
  }
}
