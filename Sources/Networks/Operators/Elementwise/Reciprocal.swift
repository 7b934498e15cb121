// Room: Networks. The operator Reciprocal.

/// One divided by each element.
package struct ReciprocalOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { 1 / x }
}
