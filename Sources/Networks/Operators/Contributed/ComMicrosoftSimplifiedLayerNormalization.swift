// Room: Networks. ONNX Runtime's operator SimplifiedLayerNormalization.

/// `RMSNormalization` under the name that ONNX Runtime has for it.
///
/// **Source**: com.microsoft SimplifiedLayerNormalization, as old optimisers wrote it.
package struct ComMicrosoftSimplifiedLayerNormalizationOperator: CompositeOperator {
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws {
    attributes = node.attributes("axis", "epsilon", "stash_type")
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    [try body.one("SimplifiedLayerNormalization", [body.input(0), body.input(1)], attributes)]
  }
}
