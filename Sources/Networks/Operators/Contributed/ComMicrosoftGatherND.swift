// Room: Networks. ONNX Runtime's operator GatherND.

/// `GatherND` without batch dimensions.
///
/// **Source**: com.microsoft GatherND, version 1.
package struct ComMicrosoftGatherNDOperator: CompositeOperator {

  package init(_ node: NodeDescription) throws {}

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let indices = try body.one("Cast", [body.input(1)], ["to": .int(7)])
    return [try body.one("GatherND", [body.input(0), indices])]
  }
}
