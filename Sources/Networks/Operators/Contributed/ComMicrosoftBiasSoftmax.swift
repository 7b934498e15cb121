// Room: Networks. ONNX Runtime's operator BiasSoftmax.

/// `Softmax` of scores plus a bias that broadcasts to them, over an axis and all behind it.
///
/// **Source**: com.microsoft BiasSoftmax, version 1.
package struct ComMicrosoftBiasSoftmaxOperator: CompositeOperator {
  private let axis: Int

  package init(_ node: NodeDescription) throws { axis = try node.int("axis", default: 1) }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let sum = try body.one("Add", [body.input(0), body.input(1)])
    // Before opset 13 the axis meant itself and all behind it.
    return [try body.one("Softmax", [sum], ["axis": .int(axis)], opset: 11)]
  }
}
