// Tests of Networks: operators that carry a state along a sequence, cut anywhere.

import Networks
import ONNXFormat
import Tensors
import Testing

@Suite struct StatefulSequenceTests {
  private static func random(_ shape: Shape, _ seed: Int) -> Tensor {
    Tensor(
      (0..<shape.count).map { Float(($0 * 7919 + seed * 104_729) % 1000) / 700 - 0.7 },
      shape: shape)
  }

  private static func part(_ tensor: Tensor, _ axis: Int, _ range: Range<Int>) -> Tensor {
    tensor.sliced(axis, range).contiguous()
  }

  @Test(arguments: ["linear", "gated", "delta", "gated_delta"])
  func linearAttentionGoesOnWhereItStopped(rule: String) throws {
    let (query, key, value) = (
      Self.random([2, 5, 8], 1), Self.random([2, 5, 4], 2), Self.random([2, 5, 6], 3)
    )
    let decay = rule.hasPrefix("gated") ? Self.random([2, 5, 2], 4) : nil
    let rate = rule.hasSuffix("delta") ? Self.random([2, 5, 1], 5) : nil
    let attributes: [String: AttributeValue] = [
      "q_num_heads": .int(4), "kv_num_heads": .int(2), "update_rule": .string(rule),
    ]
    func run(_ range: Range<Int>, _ state: Tensor?) throws -> [Tensor] {
      func cut(_ tensor: Tensor?) -> Tensor? { tensor.map { Self.part($0, 1, range) } }
      return try evaluate(
        "LinearAttention", [cut(query), cut(key), cut(value), state, cut(decay), cut(rate)],
        attributes, outputs: 2, opset: 27)
    }
    let whole = try run(0..<5, nil)
    let first = try run(0..<2, nil)
    let second = try run(2..<5, first[1])
    try expectClose(second[0], Self.part(whole[0], 1, 2..<5).numericElements())
    try expectClose(second[1], whole[1].numericElements())
    #expect(whole[0].shape == [2, 5, 12])
    #expect(whole[1].shape == [2, 2, 2, 3])
  }

  @Test(arguments: [1, 3], ["none", "silu"])
  func causalConvolutionGoesOnWhereItStopped(width: Int, activation: String) throws {
    let (x, w, bias) = (
      Self.random([2, 3, 6], 1), Self.random([3, 1, width], 2), Self.random([3], 3)
    )
    func run(_ range: Range<Int>, _ state: Tensor?) throws -> [Tensor] {
      try evaluate(
        "CausalConvWithState", [Self.part(x, 2, range), w, bias, state],
        ["activation": .string(activation)], outputs: 2, opset: 27)
    }
    let whole = try run(0..<6, nil)
    let first = try run(0..<1, nil)
    let second = try run(1..<6, first[1])
    try expectClose(second[0], Self.part(whole[0], 2, 1..<6).numericElements())
    try expectClose(second[1], whole[1].numericElements())
    #expect(whole[1].shape == [2, 3, width - 1])
  }

  @Test func rulesWithoutTheirInputsAreRefused() {
    let x = Self.random([1, 2, 4], 1)
    #expect(throws: OperatorFault.self) {
      try evaluate(
        "LinearAttention", [x, x, x],
        ["q_num_heads": .int(2), "kv_num_heads": .int(2), "update_rule": .string("gated")],
        opset: 27)
    }
    #expect(throws: OperatorFault.self) {
      try evaluate(
        "LinearAttention", [x, x, x],
        ["q_num_heads": .int(3), "kv_num_heads": .int(2), "update_rule": .string("linear")],
        opset: 27)
    }
  }

  /// Flexible attention without graphs is attention.
  @Test func flexibleAttentionIsAttention() throws {
    let (q, k, v) = (
      Self.random([1, 4, 3, 2], 1), Self.random([1, 2, 5, 2], 2), Self.random([1, 2, 5, 3], 3)
    )
    let flexible = try evaluate(
      "FlexAttention", [q, k, v], opset: 1, domain: "ai.onnx.preview")[0]
    let usual = try evaluate("Attention", [q, k, v], opset: 24)[0]
    #expect(flexible.shape == usual.shape)
    try expectClose(flexible, usual.numericElements())
  }
}
