// Room: Networks. ONNX Runtime's operator Gelu.

/// `x · Φ(x)`: as ONNX has it since opset 20.
///
/// **Source**: com.microsoft Gelu, version 1.
package struct ComMicrosoftGeluOperator: CompositeOperator {

  package init(_ node: NodeDescription) throws {}

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    [try body.one("Gelu", [body.input(0)])]
  }
}
