// Room: Networks. ONNX Runtime's operator SkipLayerNormalization.

/// The sum of an input, a residual and perhaps a bias, brought to mean 0 and variance 1 along the
/// last dimension, then scaled and shifted.
///
/// **Shapes**: input `[batch, length, size]`; the residual broadcasts to it; the sum is output 3.
/// **Source**: com.microsoft SkipLayerNormalization, version 1.
package struct ComMicrosoftSkipLayerNormalizationOperator: CompositeOperator {
  private let epsilon: Float

  package init(_ node: NodeDescription) throws {
    epsilon = try node.float("epsilon", default: 1e-12)
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    var sum = try body.one("Add", [body.input(0), body.input(1)])
    if let bias = body.optional(4) { sum = try body.one("Add", [sum, bias]) }
    let hasMoments = body.wants(1) || body.wants(2)
    let results = try body.node(
      "LayerNormalization", [sum, body.input(2), body.optional(3)],
      ["axis": .int(-1), "epsilon": .float(epsilon)], outputs: hasMoments ? 3 : 1)
    return [results[0], hasMoments ? results[1] : nil, hasMoments ? results[2] : nil, sum]
  }
}
