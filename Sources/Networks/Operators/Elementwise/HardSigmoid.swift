// Room: Networks. The operator HardSigmoid.

internal import Tensors

/// `max(0, min(1, alpha · x + beta))` for each element.
package struct HardSigmoidOperator: UnaryOperator {
  private let alpha: Float
  private let beta: Float

  package var vectorFunction: VectorFunction? { VectorFunction(.hardSigmoid, alpha, beta) }

  package init(_ node: NodeDescription) throws {
    alpha = try node.float("alpha", default: 0.2)
    beta = try node.float("beta", default: 0.5)
  }

  /// Whether it is the gate of a hard swish: `x / 6 + 1/2`.
  var isSixth: Bool { abs(alpha - 1 / 6) <= 3e-8 && beta == 0.5 }

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { Swift.max(0, Swift.min(1, T(alpha) * x + T(beta))) }
}
