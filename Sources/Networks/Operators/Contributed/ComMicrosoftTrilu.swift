// Room: Networks. ONNX Runtime's operator Trilu.

/// `Trilu` as ONNX has it since opset 14.
///
/// **Source**: com.microsoft Trilu, version 1.
package struct ComMicrosoftTriluOperator: CompositeOperator {
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws { attributes = node.attributes("upper") }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    [try body.one("Trilu", [body.input(0), body.optional(1)], attributes)]
  }
}
