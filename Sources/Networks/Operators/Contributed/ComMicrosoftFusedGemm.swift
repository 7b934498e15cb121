// Room: Networks. ONNX Runtime's operator FusedGemm.

/// `Gemm` followed by an activation.
///
/// **Source**: com.microsoft FusedGemm, version 1.
package struct ComMicrosoftFusedGemmOperator: CompositeOperator {
  private let activation: FusedActivation
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws {
    activation = try FusedActivation(node)
    attributes = node.attributes("alpha", "beta", "transA", "transB")
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let product = try body.one(
      "Gemm", [body.input(0), body.input(1), body.optional(2)], attributes)
    return [try activation.apply(to: product, in: &body)]
  }
}
