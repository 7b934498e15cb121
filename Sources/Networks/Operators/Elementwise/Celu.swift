// Room: Networks. The operator Celu.

/// `max(0, x) + min(0, alpha · (e^(x / alpha) - 1))` for each element.
package struct CeluOperator: UnaryOperator {
  private let alpha: Float

  package init(_ node: NodeDescription) throws {
    alpha = try node.float("alpha", default: 1)
  }

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T {
    Swift.max(0, x) + Swift.min(0, T(alpha) * T.expm1(x / T(alpha)))
  }
}
