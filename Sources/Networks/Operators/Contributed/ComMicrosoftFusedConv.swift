// Room: Networks. ONNX Runtime's operator FusedConv.

/// A convolution, a residual added to it, and an activation of the sum.
///
/// **Shapes**: as `Conv`; input 3, the residual, has the shape of the result. **Source**:
/// com.microsoft FusedConv, version 1.
package struct ComMicrosoftFusedConvOperator: CompositeOperator {
  private let activation: FusedActivation
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws {
    activation = try FusedActivation(node)
    attributes = node.attributes(
      "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    var result = try body.one(
      "Conv", [body.input(0), body.input(1), body.optional(2)], attributes)
    if let residual = body.optional(3) { result = try body.one("Add", [result, residual]) }
    return [try activation.apply(to: result, in: &body)]
  }
}
