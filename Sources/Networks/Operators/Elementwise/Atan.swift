// Room: Networks. The operator Atan.

/// The arc tangent of each element.
package struct AtanOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.atan(x) }
}
