// Room: Networks. ONNX Runtime's operator SkipSimplifiedLayerNormalization.

/// The sum of an input, a residual and perhaps a bias, divided by its root mean square along the last
/// dimension, then scaled; the sum is output 3.
///
/// **Source**: com.microsoft SkipSimplifiedLayerNormalization, version 1.
package struct ComMicrosoftSkipSimplifiedLayerNormalizationOperator: CompositeOperator {
  private let epsilon: Float

  package init(_ node: NodeDescription) throws {
    epsilon = try node.float("epsilon", default: 1e-12)
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    var sum = try body.one("Add", [body.input(0), body.input(1)])
    if let bias = body.optional(3) { sum = try body.one("Add", [sum, bias]) }
    let result = try body.one(
      "RMSNormalization", [sum, body.input(2)], ["epsilon": .float(epsilon)])
    return [result, nil, nil, sum]
  }
}
