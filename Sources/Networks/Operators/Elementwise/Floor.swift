// Room: Networks. The operator Floor.

internal import Tensors

/// The largest integer not above of each element.
package struct FloorOperator: UnaryOperator {
  package var vectorFunction: VectorFunction? { VectorFunction(.floor) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x.rounded(.down) }
}
