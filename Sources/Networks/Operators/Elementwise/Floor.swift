// Room: Networks. The operator Floor.

/// The largest integer not above of each element.
package struct FloorOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x.rounded(.down) }
}
