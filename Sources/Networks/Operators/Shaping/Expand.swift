// Room: Networks. The operator Expand.

internal import Tensors

/// The input broadcast together with a shape; a 1 in the shape keeps the input's length.
package struct ExpandOperator: Operator {
  package init(_ node: NodeDescription) throws {}

  package var widening: Widening { .adapts }
  package var valueInputs: [Int] { [1] }

  private func target(_ inputs: Operands) throws -> Shape {
    guard let lengths = try inputs.integers(1) else {
      throw OperatorFault.invalid("input 1, the shape, is missing")
    }
    return try inputs.required(0).shape.broadcast(with: Shape(checking: lengths))
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    [try TensorFacts(inputs.required(0).elementType, checking: target(inputs).dimensions)]
  }

  package func viewedInput(_ inputs: Operands) -> Int? {
    guard let shape = try? target(inputs), shape.count == inputs[0]?.shape.count else { return nil }
    return 0
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let shape = try target(inputs)
    let padding = shape.rank - input.shape.rank
    let dense = input.shape.rowMajorStrides
    let strides = (0..<shape.rank).map { axis in
      axis < padding || input.shape[axis - padding] == 1 ? 0 : dense[axis - padding]
    }
    let width = input.elementType.byteWidth
    return Kernel { arguments in
      try arguments.move { source, target in
        Movement.gather(source, strides: strides, shape: shape, into: target, width: width)
      }
    }
  }
}
