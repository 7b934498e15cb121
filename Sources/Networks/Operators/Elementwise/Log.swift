// Room: Networks. The operator Log.

internal import Tensors

/// The natural logarithm of each element.
package struct LogOperator: UnaryOperator {
  package var vectorFunction: VectorFunction? { VectorFunction(.log) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.log(x) }
}
