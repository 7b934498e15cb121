// Room: Networks. The operator Identity.

package import Tensors

/// Hands on its input, which may also be a sequence or an optional.
package struct IdentityOperator: ViewOperator, PassThrough {
  package init(_ node: NodeDescription) throws {}

  package func passedInput(_ node: GraphNode) -> Int? { 0 }

  package func viewedShape(_ input: TensorFacts, _ inputs: Operands) throws -> Shape { input.shape }
}
