// Room: Networks. The operator Flatten.

package import Tensors

/// Two dimensions: those before `axis` and those from it on.
package struct FlattenOperator: ViewOperator {
  private let axis: Int

  package init(_ node: NodeDescription) throws { axis = try node.int("axis", default: 1) }

  package func viewedShape(_ input: TensorFacts, _ inputs: Operands) throws -> Shape {
    let rank = input.shape.rank
    guard axis >= -rank, axis <= rank else {
      throw OperatorFault.invalid("axis \(axis) does not divide the \(rank) dimensions")
    }
    let split = axis < 0 ? axis + rank : axis
    let lengths = input.shape.dimensions
    return try Shape(checking: [
      try Shape(checking: Array(lengths[..<split])).count,
      try Shape(checking: Array(lengths[split...])).count,
    ])
  }
}
