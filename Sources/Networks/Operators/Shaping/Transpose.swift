// Room: Networks. The operator Transpose.

internal import Tensors

/// Dimensions in another order; without `perm`, reversed.
package struct TransposeOperator: SelectingOperator {
  private let permutation: [Int]?

  package init(_ node: NodeDescription) throws { permutation = try node.ints("perm") }

  package var widening: Widening { .adapts }

  private func order(_ shape: Shape) throws -> [Int] {
    let order = permutation ?? (0..<shape.rank).reversed()
    guard order.sorted() == Array(0..<shape.rank) else {
      throw OperatorFault.invalid("\(order) does not order the dimensions of shape \(shape)")
    }
    return order
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    let lengths = try order(input.shape).map { input.shape[$0] }
    return [try TensorFacts(input.elementType, checking: lengths)]
  }

  /// Constant weights in the new order, copied when they are first read.
  func transposed(_ weights: Tensor) throws -> Tensor {
    try weights.transposedWeights(order(weights.shape))
  }

  /// Only dimensions of length 1 change their place: the elements stay where they are.
  package func viewedInput(_ inputs: Operands) -> Int? {
    guard let shape = inputs[0]?.shape, let order = try? order(shape) else { return nil }
    let moved = order.filter { shape[$0] != 1 }
    return moved == moved.sorted() ? 0 : nil
  }

  package func selection(_ inputs: Operands, output: Int) -> AxisSelection? {
    guard let shape = inputs[0]?.shape, let order = try? order(shape) else { return nil }
    return AxisSelection(
      axes: order.map { (axis: $0, step: 1) }, starts: [Int](repeating: 0, count: shape.rank))
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let order = try order(input.shape)
    let strides = order.map { input.shape.rowMajorStrides[$0] }
    let shape = try Shape(checking: order.map { input.shape[$0] })
    let width = input.elementType.byteWidth
    return Kernel { arguments in
      try arguments.move { source, target in
        Movement.gather(source, strides: strides, shape: shape, into: target, width: width)
      }
    }
  }
}
