// Room: Networks. The operator Gelu.

internal import Tensors

/// `x · Φ(x)`, with the error function or its approximation by tanh.
package struct GeluOperator: UnaryOperator {
  private let isApproximate: Bool

  package var vectorFunction: VectorFunction? { VectorFunction(isApproximate ? .geluTanh : .gelu) }

  package init(_ node: NodeDescription) throws {
    isApproximate =
      try node.choice("approximate", default: "none", ["none", "tanh"]) == "tanh"
  }

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T {
    if isApproximate {
      let inner: T = 0.797_884_560_802_865_4 * (x + 0.044_715 * x * x * x)
      return 0.5 * x * (1 + T.tanh(inner))
    }
    return 0.5 * x * (1 + T.erf(x * 0.707_106_781_186_547_5))
  }
}
