// Room: Networks. ONNX Runtime's operator BiasSplitGelu.

/// The left half of `x + bias` times `Gelu` of its right half.
///
/// **Shapes**: `[…, 2 · size]` and a bias `[2 · size]` give `[…, size]`. **Source**: com.microsoft
/// BiasSplitGelu, version 1.
package struct ComMicrosoftBiasSplitGeluOperator: CompositeOperator {

  package init(_ node: NodeDescription) throws {}

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let sum = try body.one("Add", [body.input(0), body.input(1)])
    let halves = try body.node(
      "Split", [sum], ["axis": .int(-1), "num_outputs": .int(2)], outputs: 2)
    let gate = try body.one("Gelu", [halves[1]])
    return [try body.one("Mul", [halves[0], gate])]
  }
}
