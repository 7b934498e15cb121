// Room: Networks. The operator Softplus.

internal import Tensors

/// `log(1 + e^x)`.
package struct SoftplusOperator: UnaryOperator {
  package var vectorFunction: VectorFunction? { VectorFunction(.softplus) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.softplus(x) }
}
