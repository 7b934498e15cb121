// Room: Networks. ONNX Runtime's operator Attention.

/// Attention with the projections of queries, keys and values in one matrix.
///
/// **Shapes**: input `[batch, length, size]`, weights `[size, queries + keys + values]`, past keys and
/// values `[2, batch, heads, past, head size]`; masks as `MultiHeadAttention` takes them.
/// **Source**: com.microsoft Attention, version 1.
package struct ComMicrosoftAttentionOperator: CompositeOperator {
  private let sizes: [Int]?
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws {
    sizes = try node.ints("qkv_hidden_sizes")
    attributes = node.attributes("mask_filter_value", "num_heads", "scale", "unidirectional")
    for name in ["do_rotary", "past_present_share_buffer"] where try node.flag(name) {
      throw OperatorFault.unsupported(name)
    }
    if let sizes, sizes.count != 3 {
      throw OperatorFault.invalid("qkv_hidden_sizes holds \(sizes.count) sizes, not 3")
    }
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    var projected = try body.one("MatMul", [body.input(0), body.input(1)])
    if let bias = body.optional(2) { projected = try body.one("Add", [projected, bias]) }
    let parts: [ValueID]
    if let sizes {
      parts = try body.node(
        "Split", [projected, body.constant(sizes)], ["axis": .int(-1)], outputs: 3)
    } else {
      parts = try body.node(
        "Split", [projected], ["axis": .int(-1), "num_outputs": .int(3)], outputs: 3)
    }
    var past: [ValueID?] = [nil, nil]
    if let both = body.optional(4) {
      let halves = try body.node("Split", [both], ["num_outputs": .int(2)], outputs: 2)
      for (index, half) in halves.enumerated() {
        past[index] = try body.one("Squeeze", [half, body.constant([0])])
      }
    }
    let results = try body.node(
      "MultiHeadAttention",
      [parts[0], parts[1], parts[2], nil, body.optional(3), body.optional(5), past[0], past[1]],
      attributes, outputs: 3, domain: "com.microsoft")
    guard body.wants(1) else { return [results[0]] }
    var present: [ValueID] = []
    for result in results[1...] {
      present.append(try body.one("Unsqueeze", [result, body.constant([0])]))
    }
    return [results[0], try body.one("Concat", present, ["axis": .int(0)])]
  }
}
