// Room: Networks. The operator Sqrt.

internal import Tensors

/// The square root of each element.
package struct SqrtOperator: UnaryOperator {
  package var vectorFunction: VectorFunction? { VectorFunction(.squareRoot) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x.squareRoot() }
}
