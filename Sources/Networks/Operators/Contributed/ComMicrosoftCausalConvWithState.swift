// Room: Networks. ONNX Runtime's operator CausalConvWithState.

/// `CausalConvWithState` as ONNX has it since opset 27: one dimension, channels second.
///
/// **Source**: com.microsoft CausalConvWithState, version 1.
package struct ComMicrosoftCausalConvWithStateOperator: CompositeOperator {
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws {
    attributes = node.attributes("activation")
    for (name, usual) in [("channels_last", 0), ("dilation", 1), ("ndim", 1), ("state_window", 0)] {
      let value = try node.int(name, default: usual)
      guard value == usual else { throw OperatorFault.unsupported("\(name) \(value)") }
    }
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    try body.node(
      "CausalConvWithState", (0..<4).map { body.optional($0) }, attributes, outputs: 2)
  }
}
