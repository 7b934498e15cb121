// Room: Networks. The operator Ceil.

/// The smallest integer not below of each element.
package struct CeilOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x.rounded(.up) }
}
