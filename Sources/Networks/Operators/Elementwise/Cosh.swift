// Room: Networks. The operator Cosh.

/// The hyperbolic cosine of each element.
package struct CoshOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.cosh(x) }
}
