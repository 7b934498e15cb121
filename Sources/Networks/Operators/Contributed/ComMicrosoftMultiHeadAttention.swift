// Room: Networks. ONNX Runtime's operator MultiHeadAttention.

internal import Tensors

/// Attention with a bias for the projections, masks of several forms, and a cache.
///
/// **Shapes**: queries `[batch, length, heads · size]`; keys and values alike, or `[batch, heads,
/// length, size]`; or packed `[batch, length, heads, 3, size]`, or keys with values `[batch, length,
/// heads, 2, size]`. Masks: how many keys each image has `[batch]`, those ends and then where keys
/// begin `[2 · batch]`, or which keys count `[batch, keys]` or `[batch, queries, keys]`.
/// **Source**: com.microsoft MultiHeadAttention, version 1.
package struct ComMicrosoftMultiHeadAttentionOperator: Operator {
  private let heads: Int
  private let filler: Float
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws {
    heads = try node.int("num_heads", default: 0)
    filler = try node.float("mask_filter_value", default: -10_000)
    guard heads > 0 else { throw OperatorFault.invalid("num_heads is \(heads)") }
    for index in 8...9 where node.hasInput(index) {
      throw OperatorFault.unsupported("a cache that is written in place")
    }
    var attributes: [String: AttributeValue] = ["qk_matmul_output_mode": .int(3)]
    if let scale = try node.float("scale"), scale != 0 { attributes["scale"] = .float(scale) }
    if try node.flag("unidirectional") { attributes["is_causal"] = .int(1) }
    self.attributes = attributes
  }

  package var widening: Widening { .none }

  private struct Prepared {
    var layout: AttentionLayout
    var inner: AttentionOperator
    var operands: Operands
  }

  private func prepared(_ inputs: Operands) throws -> Prepared {
    let layout = try AttentionLayout(inputs, heads: heads)
    let type = try inputs.requireSameType([0, 1, 2, 3, 5, 6, 7])
    let query = try TensorFacts(
      type, checking: [layout.batch, heads, layout.queries, layout.keySize])
    let key = try TensorFacts(type, checking: [layout.batch, heads, layout.keys, layout.keySize])
    let value = try TensorFacts(
      type, checking: [layout.batch, heads, layout.keys, layout.valueSize])
    let mask = try layout.mask.map { try TensorFacts(type, checking: $0.shape) }
    let inner = try AttentionOperator(
      NodeDescription(opType: "Attention", opset: Opset.newest, attributes: attributes))
    return Prepared(
      layout: layout, inner: inner,
      operands: Operands(
        [query, key, value, mask, inputs[6], inputs[7]],
        wantedOutputs: (0..<4).map { inputs.wants($0) }))
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let prepared = try prepared(inputs)
    var outputs = try prepared.inner.infer(prepared.operands)
    let layout = prepared.layout
    outputs[0] = try TensorFacts(
      inputs.required(0).elementType,
      checking: [layout.batch, layout.queries, Checked.product(heads, layout.valueSize)])
    return outputs
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let prepared = try prepared(inputs)
    let layout = prepared.layout
    let facts = try prepared.inner.infer(prepared.operands)
    let kernel = try prepared.inner.prepareWidened(
      prepared.operands, outputs: facts, limits: MemoryLimits(bytes: .max))
    guard let made = facts[0] else { throw OperatorFault.invalid("it makes nothing") }
    return Kernel(scratchBytes: kernel.scratchBytes) { [filler] arguments in
      let projections = try layout.projections(arguments)
      let mask = try layout.mask.map { try $0.tensor(arguments, filler: filler) }
      let result = try Tensor(working: made.shape, made.elementType)
      var inner = arguments
      inner.inputs = projections.map { $0 }
      inner.inputs += [mask, arguments.optionalInput(6), arguments.optionalInput(7)]
      inner.outputs = [result] + arguments.outputs.dropFirst()
      try kernel.run(inner)
      if let output = arguments.outputs.first.flatMap({ $0 }) {
        try ElementConversion.convert(result.transposed([0, 2, 1, 3]).contiguous(), into: output)
      }
    }
  }
}
