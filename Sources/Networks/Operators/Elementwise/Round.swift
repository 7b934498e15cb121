// Room: Networks. The operator Round.

internal import Tensors

/// The nearest integer, ties to even of each element.
package struct RoundOperator: UnaryOperator {
  package var vectorFunction: VectorFunction? { VectorFunction(.roundEven) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x.rounded(.toNearestOrEven) }
}
