// Room: Networks. What operators that only give their input another shape share.

package import Tensors

/// An operator whose output is input 0 under another shape.
package protocol ViewOperator: Operator {
  func viewedShape(_ input: TensorFacts, _ inputs: Operands) throws -> Shape
}

extension ViewOperator {
  package var widening: Widening { .adapts }
  package func viewedInput(_ inputs: Operands) -> Int? { 0 }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    let shape = try viewedShape(input, inputs)
    guard shape.count == input.shape.count else {
      throw OperatorFault.invalid(
        "the \(input.shape.count) elements of shape \(input.shape) cannot take the shape \(shape)")
    }
    return [TensorFacts(input.elementType, shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    Kernel { arguments in
      try ElementConversion.convert(arguments.input(0), into: arguments.output())
    }
  }
}
