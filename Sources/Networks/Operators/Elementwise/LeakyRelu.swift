// Room: Networks. The operator LeakyRelu.

internal import Tensors

/// `x for x ≥ 0, else alpha · x` for each element.
package struct LeakyReluOperator: UnaryOperator {
  private let alpha: Float

  package var vectorFunction: VectorFunction? { VectorFunction(.leakyRelu, alpha) }

  package init(_ node: NodeDescription) throws {
    alpha = try node.float("alpha", default: 0.01)
  }

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x < 0 ? T(alpha) * x : x }
}
