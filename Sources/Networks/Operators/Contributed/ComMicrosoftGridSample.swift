// Room: Networks. ONNX Runtime's operator GridSample.

/// `GridSample` of planes, with the names that modes had before opset 20.
///
/// **Source**: com.microsoft GridSample, version 1.
package struct ComMicrosoftGridSampleOperator: CompositeOperator {
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws {
    attributes = node.attributes("align_corners", "mode", "padding_mode")
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    [try body.one("GridSample", [body.input(0), body.input(1)], attributes, opset: 16)]
  }
}
