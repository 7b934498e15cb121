// Room: Networks. ONNX Runtime's operator Unique.

/// The different values of a vector in the order in which they come, where each value went, and how
/// often each came.
///
/// **Source**: com.microsoft Unique, version 1.
package struct ComMicrosoftUniqueOperator: CompositeOperator {

  package init(_ node: NodeDescription) throws {}

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let results = try body.node(
      "Unique", [body.input(0)], ["sorted": .int(0)], outputs: 4)
    return [results[0], results[2], results[3]]
  }
}
