// Room: Networks. ONNX Runtime's operator NhwcConv.

/// `Conv` of an input whose channels lie last; so do those of the result.
///
/// **Shapes**: input `[batch, spatial…, channels]`, weights `[outputs, channels / groups, kernel…]`.
/// **Source**: com.microsoft NhwcConv, version 1.
package struct ComMicrosoftNhwcConvOperator: CompositeOperator {
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws {
    attributes = node.attributes(
      "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let input = try body.channelsFirst(body.input(0))
    let result = try body.one("Conv", [input, body.input(1), body.optional(2)], attributes)
    return [try body.channelsLast(result)]
  }
}
