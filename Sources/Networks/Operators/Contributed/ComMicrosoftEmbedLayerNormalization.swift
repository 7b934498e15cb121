// Room: Networks. ONNX Runtime's operator EmbedLayerNormalization.

/// The sum of the embeddings of words, positions and segments, brought to mean 0 and variance 1.
///
/// **Shapes**: identifiers `[batch, length]`, tables `[count, size]`, result `[batch, length, size]`;
/// output 1 is how many places of the mask are set in each row, output 2 the sum itself.
/// **Source**: com.microsoft EmbedLayerNormalization, version 1.
package struct ComMicrosoftEmbedLayerNormalizationOperator: CompositeOperator {
  private let epsilon: Float

  package init(_ node: NodeDescription) throws {
    epsilon = try node.float("epsilon", default: 1e-12)
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let words = try body.input(0)
    var sum = try body.one("Gather", [body.input(2), words])
    let positions: ValueID
    if let ids = body.optional(8) {
      positions = try body.one("Gather", [body.input(3), ids])
    } else {
      let length = try body.one("Shape", [words], ["start": .int(1), "end": .int(2)])
      positions = try body.one("Slice", [body.input(3), body.constant([0]), length])
    }
    sum = try body.one("Add", [sum, positions])
    if let segments = body.optional(1) {
      sum = try body.one("Add", [sum, body.one("Gather", [body.input(4), segments])])
    }
    let result = try body.one(
      "LayerNormalization", [sum, body.input(5), body.input(6)], ["epsilon": .float(epsilon)])
    var counts: ValueID?
    if body.wants(1) {
      let mask = try body.optional(7) ?? body.one("Sub", [words, words])
      let count = try body.one("ReduceSum", [mask, body.constant([1])], ["keepdims": .int(0)])
      counts = try body.one("Cast", [count], ["to": .int(6)])
    }
    return [result, counts, sum]
  }
}
