// Room: Networks. The operator Ceil.

internal import Tensors

/// The smallest integer not below of each element.
package struct CeilOperator: UnaryOperator {
  package var vectorFunction: VectorFunction? { VectorFunction(.ceil) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x.rounded(.up) }
}
