// Room: Networks. The operator Erf.

internal import Tensors

/// The error function of each element.
package struct ErfOperator: UnaryOperator {
  package var vectorFunction: VectorFunction? { VectorFunction(.erf) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.erf(x) }
}
