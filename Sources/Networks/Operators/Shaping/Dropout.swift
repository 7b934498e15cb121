// Room: Networks. The operator Dropout.

internal import Tensors

/// Outside training, the input as it is, and a mask of `true`.
package struct DropoutOperator: Operator, PassThrough {
  package init(_ node: NodeDescription) throws {
    if try node.flag("training_mode")
      || (node.opset < 7 && node.has("is_test") && !node.flag("is_test"))
    {
      throw OperatorFault.unsupported("training")
    }
  }

  package var widening: Widening { .none }
  package var valueInputs: [Int] { [2] }

  /// Not when input 2 may ask for training.
  package func passedInput(_ node: GraphNode) -> Int? { node.inputs.count < 3 ? 0 : nil }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    if let training = inputs[2]?.constant, try training.numericElements().first ?? 0 != 0 {
      throw OperatorFault.unsupported("training")
    }
    let input = try inputs.required(0)
    return [
      TensorFacts(input.elementType, input.shape), TensorFacts(.bool, input.shape),
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    Kernel { arguments in
      try ElementConversion.convert(arguments.input(0), into: arguments.output())
      if arguments.outputs.count > 1, let mask = arguments.outputs[1] {
        mask.plannedDestination(of: Bool.self).update(repeating: true)
      }
    }
  }
}
