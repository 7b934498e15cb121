// Room: Networks. The operator Acosh.

/// The inverse hyperbolic cosine of each element.
package struct AcoshOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.acosh(x) }
}
