// Room: Networks. ONNX Runtime's operator LayerNormalization.

/// `LayerNormalization` as ONNX has it since opset 17.
///
/// **Source**: com.microsoft LayerNormalization, as old optimisers wrote it.
package struct ComMicrosoftLayerNormalizationOperator: CompositeOperator {
  private let attributes: [String: AttributeValue]
  private let outputs: Int

  package init(_ node: NodeDescription) throws {
    attributes = node.attributes("axis", "epsilon", "stash_type")
    outputs = max(1, (node.outputPresence.lastIndex(of: true) ?? 0) + 1)
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    try body.node(
      "LayerNormalization", [body.input(0), body.input(1), body.optional(2)], attributes,
      outputs: outputs)
  }
}
