// Room: Networks. The operator Sigmoid.

internal import Tensors

/// `1 / (1 + e^-x)`.
package struct SigmoidOperator: UnaryOperator {
  package var vectorFunction: VectorFunction? { VectorFunction(.sigmoid) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.sigmoid(x) }
}
