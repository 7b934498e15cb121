// Room: Networks. The operator Softplus.

/// `log(1 + e^x)`.
package struct SoftplusOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.softplus(x) }
}
