// Room: Networks. The operator QLinearLeakyRelu of com.microsoft.

/// `x` where it is not negative, else `alpha · x`, of quantised values.
package struct ComMicrosoftQLinearLeakyReluOperator: QuantizedUnaryOperator {
  private let alpha: Float

  package init(_ node: NodeDescription) throws { alpha = try node.float("alpha", default: 0.01) }

  package func value(_ x: Float) -> Float { x < 0 ? alpha * x : x }
}
