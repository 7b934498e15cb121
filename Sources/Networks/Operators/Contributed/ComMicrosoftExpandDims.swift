// Room: Networks. ONNX Runtime's operator ExpandDims.

/// A dimension of length 1 put in at the axis that input 1 names.
///
/// **Source**: com.microsoft ExpandDims, version 1.
package struct ComMicrosoftExpandDimsOperator: CompositeOperator {

  package init(_ node: NodeDescription) throws {}

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let axis = try body.one("Cast", [body.input(1)], ["to": .int(7)])
    let axes = try body.one("Reshape", [axis, body.constant([1])])
    return [try body.one("Unsqueeze", [body.input(0), axes])]
  }
}
