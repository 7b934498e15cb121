// Room: Networks. ONNX Runtime's operator ScaledSiLU.

/// `z · sigmoid(z)` of `z = scale · x`; the scale is an input or the attribute alpha.
///
/// **Source**: com.microsoft ScaledSiLU, version 1.
package struct ComMicrosoftScaledSiLUOperator: CompositeOperator {
  private let alpha: Float

  package init(_ node: NodeDescription) throws { alpha = try node.float("alpha", default: 1) }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let input = try body.input(0)
    let scale =
      try body.optional(1).map { try body.one("CastLike", [$0, input]) }
      ?? body.number(alpha, like: input)
    return [try body.one("Swish", [body.one("Mul", [input, scale])])]
  }
}
