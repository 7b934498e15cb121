// Room: Networks. ONNX Runtime's operator Pad.

/// `Pad`, whose widths may have a leading dimension of length 1.
///
/// **Source**: com.microsoft Pad, version 1.
package struct ComMicrosoftPadOperator: CompositeOperator {
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws { attributes = node.attributes("mode") }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let pads = try body.one("Reshape", [body.input(1), body.constant([-1])])
    let value = try body.optional(2).map { try body.one("Reshape", [$0, body.constant([])]) }
    return [try body.one("Pad", [body.input(0), pads, value], attributes)]
  }
}
