// Room: Networks. The operator ThresholdedRelu.

/// `x for x > alpha, else 0` for each element.
package struct ThresholdedReluOperator: UnaryOperator {
  private let alpha: Float

  package init(_ node: NodeDescription) throws {
    alpha = try node.float("alpha", default: 1)
  }

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x > T(alpha) ? x : 0 }
}
