// Room: Networks. The operator Sin.

/// The sine of each element.
package struct SinOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.sin(x) }
}
