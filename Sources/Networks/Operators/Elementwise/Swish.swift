// Room: Networks. The operator Swish.

internal import Tensors

/// `x · sigmoid(alpha · x)` for each element.
package struct SwishOperator: UnaryOperator {
  private let alpha: Float

  package var vectorFunction: VectorFunction? { VectorFunction(.silu, alpha) }

  package init(_ node: NodeDescription) throws {
    alpha = try node.float("alpha", default: 1)
  }

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x * T.sigmoid(T(alpha) * x) }
}
