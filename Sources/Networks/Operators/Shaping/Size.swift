// Room: Networks. The operator Size.

internal import Tensors

/// How many elements the input has.
package struct SizeOperator: Operator {
  package init(_ node: NodeDescription) throws {}

  package var widening: Widening { .none }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    [TensorFacts(constant: Tensor(Int64(try inputs.required(0).shape.count)))]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let count = Int64(try inputs.required(0).shape.count)
    return Kernel { arguments in
      try ElementConversion.convert(Tensor(count), into: arguments.output())
    }
  }
}
