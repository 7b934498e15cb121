// Room: Networks. The operator Sinh.

/// The hyperbolic sine of each element.
package struct SinhOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.sinh(x) }
}
