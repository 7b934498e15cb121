// Room: Networks. The operator SimplifiedLayerNormalization.

/// `RMSNormalization` under the name that ONNX Runtime's optimiser gives it, in ONNX's own domain.
///
/// **Source**: ONNX Runtime, SimplifiedLayerNormalization, version 1.
package struct SimplifiedLayerNormalizationOperator: CompositeOperator {
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws {
    attributes = node.attributes("axis", "epsilon", "stash_type")
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    [try body.one("RMSNormalization", [body.input(0), body.input(1)], attributes)]
  }
}
