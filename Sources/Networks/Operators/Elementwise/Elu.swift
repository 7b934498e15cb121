// Room: Networks. The operator Elu.

internal import Tensors

/// `x for x ≥ 0, else alpha · (e^x - 1)` for each element.
package struct EluOperator: UnaryOperator {
  private let alpha: Float

  package var vectorFunction: VectorFunction? { VectorFunction(.elu, alpha) }

  package init(_ node: NodeDescription) throws {
    alpha = try node.float("alpha", default: 1)
  }

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x < 0 ? T(alpha) * T.expm1(x) : x }
}
