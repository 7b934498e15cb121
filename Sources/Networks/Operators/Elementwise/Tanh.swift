// Room: Networks. The operator Tanh.

internal import Tensors

/// The hyperbolic tangent of each element.
package struct TanhOperator: UnaryOperator {
  package var vectorFunction: VectorFunction? { VectorFunction(.tanh) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.tanh(x) }
}
