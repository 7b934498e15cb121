// Room: Networks. The operator HardSwish.

internal import Tensors

/// `x · max(0, min(1, x / 6 + 1/2))`.
package struct HardSwishOperator: UnaryOperator {
  package var vectorFunction: VectorFunction? { VectorFunction(.hardSwish) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x * Swift.max(0, Swift.min(1, x / 6 + 0.5)) }
}
