// Room: Networks. The operator Sigmoid.

/// `1 / (1 + e^-x)`.
package struct SigmoidOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.sigmoid(x) }
}
