// Room: Networks. The operator Exp.

/// e to the power of each element.
package struct ExpOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.exp(x) }
}
