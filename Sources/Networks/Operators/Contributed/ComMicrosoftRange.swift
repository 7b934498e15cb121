// Room: Networks. ONNX Runtime's operator Range.

/// Numbers from a start by a step, 1 unless given, up to but without a limit.
///
/// **Shapes**: the inputs are scalars or hold one number each. **Source**: com.microsoft Range,
/// version 1.
package struct ComMicrosoftRangeOperator: CompositeOperator {

  package init(_ node: NodeDescription) throws {}

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let scalar = body.constant([])
    let start = try body.one("Reshape", [body.input(0), scalar])
    let limit = try body.one("Reshape", [body.input(1), scalar])
    let step =
      try body.optional(2).map { try body.one("Reshape", [$0, scalar]) }
      ?? body.number(1, like: start)
    return [try body.one("Range", [start, limit, step])]
  }
}
