// Tests of Networks: ONNX Runtime's fused operators against the operators that they fuse.

import Networks
import ONNXFormat
import Tensors
import TestSupport
import Testing

@Suite struct ContributedTests {
  private static func random(_ shape: Shape, _ seed: Int = 1) -> Tensor {
    Tensor(
      (0..<shape.count).map { Float(($0 * 7919 + seed * 104_729) % 1000) / 400 - 1.25 },
      shape: shape)
  }

  private static func fused(
    _ opType: String, _ inputs: [Tensor?], _ attributes: [String: AttributeValue] = [:],
    outputs: Int = 1
  ) throws -> [Tensor] {
    try evaluate(
      opType, inputs, attributes, outputs: outputs, opset: 1, domain: "com.microsoft")
  }

  private static func plain(
    _ opType: String, _ inputs: [Tensor?], _ attributes: [String: AttributeValue] = [:]
  ) throws -> Tensor {
    try evaluate(opType, inputs, attributes)[0]
  }

  private static func expectSame(
    _ a: Tensor, _ b: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(a.shape == b.shape, sourceLocation: sourceLocation)
    try expectClose(a, b.numericElements(), sourceLocation: sourceLocation)
  }

  @Test(arguments: [
    ("Relu", [Float]()), ("Sigmoid", []), ("Tanh", []), ("LeakyRelu", [0.1]),
    ("HardSigmoid", [0.3, 0.4]), ("Clip", [-0.5, 0.75]),
  ])
  func fusedConvolutionsApplyTheirActivation(name: String, parameters: [Float]) throws {
    let (x, w, b) = (
      Self.random([2, 3, 6, 5]), Self.random([4, 3, 3, 3], 2), Self.random([4], 3)
    )
    let residual = Self.random([2, 4, 6, 5], 4)
    let sum = try Self.plain(
      "Add", [Self.plain("Conv", [x, w, b], ["pads": .ints([1, 1, 1, 1])]), residual])
    let inputs: [Tensor?] =
      name == "Clip"
      ? [sum, Tensor(parameters[0]), Tensor(parameters[1])] : [sum]
    let own: [String: AttributeValue] =
      name == "Clip"
      ? [:]
      : Dictionary(
        uniqueKeysWithValues: zip(["alpha", "beta"], parameters.map { .float($0) }))
    let expected = try Self.plain(name, inputs, own)
    let attributes: [String: AttributeValue] = [
      "pads": .ints([1, 1, 1, 1]), "activation": .string(name),
      "activation_params": .floats(parameters),
    ]
    try Self.expectSame(Self.fused("FusedConv", [x, w, b, residual], attributes)[0], expected)

    let last = try Self.fused(
      "NhwcFusedConv",
      [
        x.transposed([0, 2, 3, 1]).contiguous(), w, b,
        residual.transposed([0, 2, 3, 1]).contiguous(),
      ],
      attributes)[0]
    try Self.expectSame(last.transposed([0, 3, 1, 2]).contiguous(), expected)
  }

  @Test func unknownActivationsAreNamed() {
    #expect(throws: (any Error).self) {
      try Self.fused(
        "FusedConv", [Self.random([1, 1, 3, 3]), Self.random([1, 1, 1, 1])],
        ["activation": .string("Unheard")])
    }
  }

  @Test func matricesAreTransposedAsAsked() throws {
    let (a, b) = (Self.random([2, 3, 4]), Self.random([2, 4, 5], 2))
    let product = try Self.plain("MatMul", [a, b])
    let doubled = Tensor(try product.numericElements().map { Float(2 * $0) }, shape: product.shape)
    let (ta, tb) = (
      try a.transposed([0, 2, 1]).contiguous(), try b.transposed([0, 2, 1]).contiguous()
    )
    for opType in ["FusedMatMul", "TransposeMatMul"] {
      let result = try Self.fused(
        opType, [ta, tb], ["transA": .int(1), "transB": .int(1), "alpha": .float(2)])[0]
      try Self.expectSame(result, doubled)
    }
    // The rows' dimension in front of the batch.
    let front = try a.transposed([1, 0, 2]).contiguous()
    try Self.expectSame(
      Self.fused("FusedMatMul", [front, b], ["transBatchA": .int(1)])[0], product)
  }

  @Test func skippedNormalisationsGiveTheSumToo() throws {
    let (x, skip, bias) = (
      Self.random([2, 3, 8]), Self.random([2, 3, 8], 2), Self.random([8], 3)
    )
    let (scale, shift) = (Self.random([8], 4), Self.random([8], 5))
    let sum = try Self.plain("Add", [Self.plain("Add", [x, skip]), bias])
    let epsilon: [String: AttributeValue] = ["epsilon": .float(1e-3)]
    let layer = try Self.fused(
      "SkipLayerNormalization", [x, skip, scale, shift, bias], epsilon, outputs: 4)
    try Self.expectSame(
      layer[0], Self.plain("LayerNormalization", [sum, scale, shift], epsilon))
    try Self.expectSame(layer[3], sum)
    let simple = try Self.fused(
      "SkipSimplifiedLayerNormalization", [x, skip, scale, bias], epsilon)
    try Self.expectSame(
      simple[0], evaluate("RMSNormalization", [sum, scale], epsilon, opset: 23)[0])
  }

  @Test func gelusAgree() throws {
    let (x, bias) = (Self.random([2, 3, 8]), Self.random([8], 2))
    let sum = try Self.plain("Add", [x, bias])
    try Self.expectSame(Self.fused("Gelu", [x])[0], Self.plain("Gelu", [x]))
    try Self.expectSame(Self.fused("BiasGelu", [x, bias])[0], Self.plain("Gelu", [sum]))
    try Self.expectSame(
      Self.fused("FastGelu", [x, bias])[0],
      Self.plain("Gelu", [sum], ["approximate": .string("tanh")]))
    let quick = try Self.fused("QuickGelu", [x])[0].numericElements()
    let expected = try x.numericElements().map { $0 / (1 + Double.exp(-1.702 * $0)) }
    try expectClose(Tensor(quick, shape: x.shape), expected)
  }

  /// Attention by its definition, in double precision.
  private static func attention(
    _ q: [Double], _ k: [Double], _ v: [Double], heads: Int, queries: Int, keys: Int, size: Int,
    bias: (Int, Int) -> Double
  ) -> [Double] {
    var result = [Double](repeating: 0, count: queries * heads * size)
    for head in 0..<heads {
      for query in 0..<queries {
        let scores = (0..<keys).map { key in
          (0..<size).reduce(0.0) {
            $0 + q[query * heads * size + head * size + $1]
              * k[key * heads * size + head * size + $1]
          } / Double(size).squareRoot() + bias(query, key)
        }
        let weights = scores.map { Double.exp($0 - (scores.max() ?? 0)) }
        let total = weights.reduce(0, +)
        for index in 0..<size {
          result[query * heads * size + head * size + index] = (0..<keys).reduce(0.0) {
            $0 + weights[$1] / total * v[$1 * heads * size + head * size + index]
          }
        }
      }
    }
    return result
  }

  @Test func attentionMasksAndUnpacks() throws {
    let (heads, length, size) = (2, 4, 3)
    let (q, k, v) = (
      Self.random([1, 4, 6]), Self.random([1, 4, 6], 2), Self.random([1, 4, 6], 3)
    )
    let values = try [q, k, v].map { try $0.numericElements() }
    func expected(_ bias: (Int, Int) -> Double) -> [Double] {
      Self.attention(
        values[0], values[1], values[2], heads: heads, queries: length, keys: length, size: size,
        bias: bias)
    }
    let own: [String: AttributeValue] = ["num_heads": .int(heads)]
    try expectClose(
      Self.fused("MultiHeadAttention", [q, k, v], own)[0], expected { _, _ in 0 })
    let mask = Tensor([Int32(1), 1, 0, 1], shape: [1, 4])
    try expectClose(
      Self.fused("MultiHeadAttention", [q, k, v, nil, mask], own)[0],
      expected { $1 == 2 ? -10_000 : 0 })
    let ends = Tensor([Int32(2)], shape: [1])
    try expectClose(
      Self.fused("MultiHeadAttention", [q, k, v, nil, ends], own)[0],
      expected { $1 >= 2 ? -10_000 : 0 })
    try expectClose(
      Self.fused(
        "MultiHeadAttention", [q, k, v], own.merging(["unidirectional": .int(1)]) { $1 })[0],
      expected { $1 > $0 ? -.infinity : 0 })
    let bias = Self.random([1, 1, 4, 4], 5)
    let biases = try bias.numericElements()
    try expectClose(
      Self.fused("MultiHeadAttention", [q, k, v, nil, nil, bias], own)[0],
      expected { biases[$0 * 4 + $1] })
    // Packed queries, keys and values.
    let parts = try [q, k, v].map { try $0.reshaped(to: [1, 4, 2, 1, 3]) }
    let packed = try evaluate("Concat", parts, ["axis": .int(3)])[0]
    try expectClose(Self.fused("MultiHeadAttention", [packed], own)[0], expected { _, _ in 0 })
    // Projections in one matrix.
    let identity = (0..<6 * 18).map { Float($0 / 18 == $0 % 18 % 6 ? 1 : 0) }
    let merged = try Self.fused(
      "Attention", [q, Tensor(identity, shape: [6, 18])], own)[0]
    try expectClose(
      merged,
      Self.attention(
        values[0], values[0], values[0], heads: heads, queries: length, keys: length, size: size,
        bias: { _, _ in 0 }))
    #expect(throws: (any Error).self) {
      try Self.fused("MultiHeadAttention", [q, k, Self.random([1, 5, 6])], own)
    }
  }

  /// A step at a time over a growing cache gives what all steps at once give.
  @Test(arguments: [0, 1])
  func groupedAttentionGoesOnWhereItStopped(rotates: Int) throws {
    let (q, k, v) = (
      Self.random([1, 4, 16]), Self.random([1, 4, 8], 2), Self.random([1, 4, 8], 3)
    )
    let tables = [Self.random([6, 2], 4), Self.random([6, 2], 5)]
    let attributes: [String: AttributeValue] = [
      "num_heads": .int(4), "kv_num_heads": .int(2), "do_rotary": .int(rotates),
    ]
    func run(_ range: Range<Int>, _ caches: [Tensor?]) throws -> [Tensor] {
      func cut(_ tensor: Tensor) -> Tensor { tensor.sliced(1, range).contiguous() }
      let total = range.upperBound
      return try evaluate(
        "GroupQueryAttention",
        [
          cut(q), cut(k), cut(v), caches[0], caches[1],
          Tensor([Int32(total - 1)], shape: [1]), Tensor(Int32(total)),
        ] + (rotates == 1 ? tables : []), attributes, outputs: 3, opset: 1,
        domain: "com.microsoft", constants: [6])
    }
    let whole = try run(0..<4, [nil, nil])
    let first = try run(0..<3, [nil, nil])
    let last = try run(3..<4, [first[1], first[2]])
    try expectClose(last[0], whole[0].sliced(1, 3..<4).contiguous().numericElements())
    try expectClose(last[1], whole[1].numericElements())
    try expectClose(last[2], whole[2].numericElements())
  }

  @Test func matricesAreInverted() throws {
    let matrix = Tensor([Float(0), 2, 1, 1, 0, 0, 3, 0, 1], shape: [1, 3, 3])
    let inverse = try Self.fused("Inverse", [matrix])[0]
    try expectClose(
      Self.plain("MatMul", [matrix, inverse]), [1, 0, 0, 0, 1, 0, 0, 0, 1])
    #expect(throws: (any Error).self) { try Self.fused("Inverse", [Self.random([2, 3])]) }
  }

  @Test func smallOnesGiveWhatTheySay() throws {
    let x = Self.random([2, 3])
    #expect(
      try Self.fused("ExpandDims", [x, Tensor([Int32(-1)], shape: [1])])[0].shape == [2, 3, 1])
    let unique = try Self.fused(
      "Unique", [Tensor([Float(2), 1, 1, 3, 4, 3], shape: [6])], outputs: 3)
    #expect(unique[0].elements(as: Float.self) == [2, 1, 3, 4])
    #expect(unique[1].elements(as: Int64.self) == [0, 1, 1, 2, 3, 2])
    #expect(unique[2].elements(as: Int64.self) == [1, 2, 2, 1])
    let range = try Self.fused(
      "Range", [Tensor([Int64(1)], shape: [1]), Tensor([Int64(4)], shape: [1])])[0]
    #expect(range.elements(as: Int64.self) == [1, 2, 3])
    let distances = try Self.fused(
      "CDist", [Tensor([Float(0), 0], shape: [1, 2]), Tensor([Float(3), 4], shape: [1, 2])],
      ["metric": .string("euclidean")])
    #expect(distances[0].elements(as: Float.self) == [5])
    let crop = try Self.fused(
      "CropAndResize",
      [
        Tensor([Float(1), 2, 3, 4], shape: [1, 1, 2, 2]),
        Tensor([Float(0), 0, 1, 2], shape: [1, 4]), Tensor([Int32(0)], shape: [1]),
        Tensor([Int32(2), 3], shape: [2]),
      ], ["extrapolation_value": .float(9)])
    #expect(crop[0].elements(as: Float.self) == [1, 2, 9, 3, 4, 9])
  }

  /// A composite's nodes keep the outer node's name in front, for errors and profiles.
  @Test func nodesInsideKeepTheName() throws {
    var graph = TestGraph()
    let input = graph.input("x")
    graph.graph.outputs = try graph.node("FastGelu", [input, input], domain: "com.microsoft")
    #expect(graph.graph.nodes.map(\.opType) == ["Add", "Gelu"])
    #expect(graph.graph.nodes.allSatisfy { $0.name.hasPrefix("FastGelu_0/") })
    #expect(graph.graph.nodes[1].outputs == [graph.graph.outputs[0]])
  }
}
