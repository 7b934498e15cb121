// Room: Networks. The operator Atanh.

/// The inverse hyperbolic tangent of each element.
package struct AtanhOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.atanh(x) }
}
