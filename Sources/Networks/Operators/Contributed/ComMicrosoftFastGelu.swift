// Room: Networks. ONNX Runtime's operator FastGelu.

/// `Gelu` with the hyperbolic tangent in place of the error function, of an input and perhaps a bias.
///
/// **Source**: com.microsoft FastGelu, version 1.
package struct ComMicrosoftFastGeluOperator: CompositeOperator {

  package init(_ node: NodeDescription) throws {}

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    var sum = try body.input(0)
    if let bias = body.optional(1) { sum = try body.one("Add", [sum, bias]) }
    return [try body.one("Gelu", [sum], ["approximate": .string("tanh")])]
  }
}
