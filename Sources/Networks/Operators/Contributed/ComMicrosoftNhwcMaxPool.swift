// Room: Networks. ONNX Runtime's operator NhwcMaxPool.

/// `MaxPool` of an input whose channels lie last.
///
/// **Shapes**: `[batch, spatial…, channels]`. **Source**: com.microsoft NhwcMaxPool, version 1.
package struct ComMicrosoftNhwcMaxPoolOperator: CompositeOperator {
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws {
    attributes = node.attributes(
      "auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "strides")
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let input = try body.channelsFirst(body.input(0))
    return [try body.channelsLast(body.one("MaxPool", [input], attributes))]
  }
}
