// Room: Networks. The operator Selu.

/// `gamma · x for x > 0, else gamma · alpha · (e^x - 1)` for each element.
package struct SeluOperator: UnaryOperator {
  private let alpha: Float
  private let gamma: Float

  package init(_ node: NodeDescription) throws {
    alpha = try node.float("alpha", default: 1.67326319217681884765625)
    gamma = try node.float("gamma", default: 1.05070102214813232421875)
  }

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T(gamma) * (x > 0 ? x : T(alpha) * T.expm1(x)) }
}
