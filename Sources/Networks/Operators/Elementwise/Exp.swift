// Room: Networks. The operator Exp.

internal import Tensors

/// e to the power of each element.
package struct ExpOperator: UnaryOperator {
  package var vectorFunction: VectorFunction? { VectorFunction(.exp) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.exp(x) }
}
