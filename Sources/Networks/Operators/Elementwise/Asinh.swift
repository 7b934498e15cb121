// Room: Networks. The operator Asinh.

/// The inverse hyperbolic sine of each element.
package struct AsinhOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.asinh(x) }
}
