// Room: Networks. ONNX Runtime's operator GatedAdd.

/// `x + y · gate`; the gate has one value for each row.
///
/// **Source**: com.microsoft GatedAdd, version 1.
package struct ComMicrosoftGatedAddOperator: CompositeOperator {

  package init(_ node: NodeDescription) throws {}

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let gated = try body.one("Mul", [body.input(1), body.input(2)])
    return [try body.one("Add", [body.input(0), gated])]
  }
}
