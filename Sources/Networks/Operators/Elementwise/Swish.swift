// Room: Networks. The operator Swish.

/// `x · sigmoid(alpha · x)` for each element.
package struct SwishOperator: UnaryOperator {
  private let alpha: Float

  package init(_ node: NodeDescription) throws {
    alpha = try node.float("alpha", default: 1)
  }

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x * T.sigmoid(T(alpha) * x) }
}
