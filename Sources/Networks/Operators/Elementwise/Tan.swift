// Room: Networks. The operator Tan.

/// The tangent of each element.
package struct TanOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.tan(x) }
}
