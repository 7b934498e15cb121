// Room: Networks. The operator Sqrt.

/// The square root of each element.
package struct SqrtOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x.squareRoot() }
}
