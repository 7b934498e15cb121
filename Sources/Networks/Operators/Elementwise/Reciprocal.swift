// Room: Networks. The operator Reciprocal.

internal import Tensors

/// One divided by each element.
package struct ReciprocalOperator: UnaryOperator {
  package var vectorFunction: VectorFunction? { VectorFunction(.reciprocal) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { 1 / x }
}
