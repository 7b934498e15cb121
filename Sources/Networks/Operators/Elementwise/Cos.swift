// Room: Networks. The operator Cos.

/// The cosine of each element.
package struct CosOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.cos(x) }
}
