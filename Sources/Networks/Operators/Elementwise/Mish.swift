// Room: Networks. The operator Mish.

internal import Tensors

/// `x · tanh(log(1 + e^x))`.
package struct MishOperator: UnaryOperator {
  package var vectorFunction: VectorFunction? { VectorFunction(.mish) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x * T.tanh(T.softplus(x)) }
}
