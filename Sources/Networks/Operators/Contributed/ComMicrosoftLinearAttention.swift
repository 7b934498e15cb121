// Room: Networks. ONNX Runtime's operator LinearAttention.

/// `LinearAttention` as ONNX has it since opset 27.
///
/// **Source**: com.microsoft LinearAttention, version 1.
package struct ComMicrosoftLinearAttentionOperator: CompositeOperator {
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws {
    attributes = node.attributes("kv_num_heads", "q_num_heads", "scale", "update_rule")
    let window = try node.int("state_window", default: 0)
    guard window == 0 else { throw OperatorFault.unsupported("state_window \(window)") }
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    try body.node("LinearAttention", (0..<6).map { body.optional($0) }, attributes, outputs: 2)
  }
}
