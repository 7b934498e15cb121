// Room: Networks. ONNX Runtime's operator BiasGelu.

/// `Gelu` of the sum of an input and a bias.
///
/// **Shapes**: the bias has the last dimension of the input. **Source**: com.microsoft BiasGelu,
/// version 1.
package struct ComMicrosoftBiasGeluOperator: CompositeOperator {

  package init(_ node: NodeDescription) throws {}

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let sum = try body.one("Add", [body.input(0), body.input(1)])
    return [try body.one("Gelu", [sum])]
  }
}
