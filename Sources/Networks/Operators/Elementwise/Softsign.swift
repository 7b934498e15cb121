// Room: Networks. The operator Softsign.

/// `x / (1 + |x|)`.
package struct SoftsignOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x / (1 + x.magnitude) }
}
