// Room: Networks. ONNX Runtime's operator NhwcFusedConv.

/// `FusedConv` of an input whose channels lie last; so do those of the residual and of the result.
///
/// **Shapes**: input `[batch, spatial…, channels]`, weights `[outputs, channels / groups, kernel…]`.
/// **Source**: com.microsoft NhwcFusedConv, version 1.
package struct ComMicrosoftNhwcFusedConvOperator: CompositeOperator {
  private let activation: FusedActivation
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws {
    activation = try FusedActivation(node)
    attributes = node.attributes(
      "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let input = try body.channelsFirst(body.input(0))
    var result = try body.one("Conv", [input, body.input(1), body.optional(2)], attributes)
    if let residual = body.optional(3) {
      result = try body.one("Add", [result, body.channelsFirst(residual)])
    }
    return [try body.channelsLast(activation.apply(to: result, in: &body))]
  }
}
