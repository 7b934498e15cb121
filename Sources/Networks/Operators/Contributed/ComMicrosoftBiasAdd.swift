// Room: Networks. ONNX Runtime's operator BiasAdd.

/// The sum of an input, a bias of its last dimension, and a residual.
///
/// **Source**: com.microsoft BiasAdd, version 1.
package struct ComMicrosoftBiasAddOperator: CompositeOperator {

  package init(_ node: NodeDescription) throws {}

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let sum = try body.one("Add", [body.input(0), body.input(1)])
    return [try body.one("Add", [sum, body.input(2)])]
  }
}
