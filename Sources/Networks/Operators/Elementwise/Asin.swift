// Room: Networks. The operator Asin.

/// The arc sine of each element.
package struct AsinOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.asin(x) }
}
