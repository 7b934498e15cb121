// Tests of Networks: attention from its decomposed form.

import Networks
import Tensors
import Testing

@Suite struct AttentionFusionTests {
  private let passes: [any GraphPass] = [AttentionFusion(), MovementFusion()]

  struct Form: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// Where the scale is.
    var scale: Place
    var queries = 5
    var keys = 7
    /// Shapes of what is added to the scores `[batch 4, heads 2, queries, keys]`.
    var biases: [Shape] = []
    /// Whether the scores are seen as `[2, 2, 2, queries, keys]` while a mask is added.
    var windows = false

    enum Place { case none, query, both, scores, quotient }
  }

  static let forms = [
    Form(testDescription: "plain", scale: .none),
    Form(testDescription: "scaled query, bias by head", scale: .query, biases: [[1, 2, 5, 7]]),
    Form(
      testDescription: "scaled scores, two masks", scale: .scores, biases: [[2, 1, 7], [5, 7]]),
    Form(testDescription: "both scaled, bias by key", scale: .both, biases: [[7]]),
    Form(testDescription: "quotient, bias by query", scale: .quotient, biases: [[4, 1, 5, 1]]),
    Form(testDescription: "windows", scale: .query, biases: [[1, 2, 5, 7]], windows: true),
    Form(testDescription: "many keys", scale: .scores, queries: 70, keys: 3000),
    Form(testDescription: "one query", scale: .scores, queries: 1, keys: 9),
  ]

  /// Attention over `[batch, length, heads · size]` values, as exporters write it.
  private func graph(_ form: Form, _ random: inout RandomTensors) throws -> TestGraph {
    var test = TestGraph()
    func heads(_ test: inout TestGraph, _ name: String, _ length: Int) throws -> ValueID {
      let value = test.input(name)
      let split = try test.one("Reshape", [value, test.ints([4, length, 2, 3])])
      return try test.one("Transpose", [split], ["perm": .ints([0, 2, 1, 3])])
    }
    var query = try heads(&test, "q", form.queries)
    let key = try heads(&test, "k", form.keys)
    let value = try heads(&test, "v", form.keys)
    let factor = test.constant(Tensor(Float(0.577)))
    var turned = try test.one("Transpose", [key], ["perm": .ints([0, 1, 3, 2])])
    if form.scale == .query || form.scale == .both { query = try test.one("Mul", [query, factor]) }
    if form.scale == .both { turned = try test.one("Mul", [factor, turned]) }
    var scores = try test.one("MatMul", [query, turned])
    if form.scale == .scores { scores = try test.one("Mul", [scores, factor]) }
    if form.scale == .quotient { scores = try test.one("Div", [scores, factor]) }
    for bias in form.biases {
      scores = try test.one("Add", [scores, test.constant(random(bias))])
    }
    if form.windows {
      let seen = try test.one(
        "Reshape", [scores, test.ints([2, 2, 2, form.queries, form.keys])])
      let mask = test.constant(random([1, 2, 1, form.queries, form.keys]))
      scores = try test.one("Add", [mask, seen])
    }
    var weights = try test.one("Softmax", [scores], ["axis": .int(-1)])
    if form.windows {
      weights = try test.one(
        "Reshape", [weights, test.ints([4, 2, form.queries, form.keys])])
    }
    let mixed = try test.one("MatMul", [weights, value])
    let back = try test.one("Transpose", [mixed], ["perm": .ints([0, 2, 1, 3])])
    test.graph.outputs = [
      try test.one("Reshape", [back, test.ints([4, form.queries, 6])])
    ]
    return test
  }

  @Test(arguments: forms)
  func decomposedAttentionIsOneNode(_ form: Form) throws {
    var random = RandomTensors(seed: 14)
    let test = try graph(form, &random)
    let inputs = [
      random([4, form.queries, 6]), random([4, form.keys, 6]), random([4, form.keys, 6]),
    ]
    let rest = try test.expectUnchanged(by: passes, inputs)
    #expect(rest.contains("Attention") && !rest.contains("Softmax") && !rest.contains("MatMul"))
    #expect(form.queries == 1 || !rest.contains("Transpose"))
  }

  /// Queries, keys and values that are parts of one product are read where they lie.
  @Test func partsOfOneProductAreNotCopied() throws {
    var random = RandomTensors(seed: 15)
    var test = TestGraph()
    let x = test.input("x")
    let product = try test.one("MatMul", [x, test.constant(random([6, 18]))])
    let parts = try test.one("Reshape", [product, test.ints([4, 5, 3, 2, 3])])
    let turned = try test.one("Transpose", [parts], ["perm": .ints([2, 0, 3, 1, 4])])
    let (q, k, v) = (
      try test.one("Gather", [turned, test.constant(Tensor(Int64(0)))]),
      try test.one("Gather", [turned, test.constant(Tensor(Int64(1)))]),
      try test.one("Gather", [turned, test.constant(Tensor(Int64(-1)))])
    )
    let scores = try test.one(
      "MatMul", [q, try test.one("Transpose", [k], ["perm": .ints([0, 1, 3, 2])])])
    let mixed = try test.one("MatMul", [try test.one("Softmax", [scores]), v])
    let back = try test.one("Transpose", [mixed], ["perm": .ints([0, 2, 1, 3])])
    test.graph.outputs = [try test.one("Reshape", [back, test.ints([4, 5, 6])])]
    let rest = try test.expectUnchanged(by: passes, [random([4, 5, 6])])
    #expect(rest.nodes.map(\.opType) == ["MatMul", "Attention", "Reshape"])
  }

  @Test func weightsThatAreAnOutputStay() throws {
    var random = RandomTensors(seed: 16)
    var test = TestGraph()
    let (q, k, v) = (test.input("q"), test.input("k"), test.input("v"))
    let weights = try test.one("Softmax", [try test.one("MatMul", [q, k])])
    test.graph.outputs = [try test.one("MatMul", [weights, v]), weights]
    let rest = try test.expectUnchanged(
      by: passes, [random([2, 3, 4]), random([2, 4, 5]), random([2, 5, 6])])
    #expect(rest.nodes.count == 3)
  }

  /// Exporters put zeros where a row is masked throughout, which would be NaN.
  @Test func rowsThatAreMaskedThroughoutAreZeros() throws {
    var random = RandomTensors(seed: 18)
    var test = TestGraph()
    let (q, k, v) = (test.input("q"), test.input("k"), test.input("v"))
    let masked = [Float](repeating: -.infinity, count: 5) + [Float](repeating: 0, count: 10)
    let scores = try test.one(
      "Add", [try test.one("MatMul", [q, k]), test.constant(Tensor(masked, shape: [3, 5]))])
    let weights = try test.one("Softmax", [scores])
    let chosen = try test.one(
      "Where", [try test.one("IsNaN", [weights]), test.constant(Tensor(Float(0))), weights])
    test.graph.outputs = [try test.one("MatMul", [chosen, v])]
    let inputs = [random([2, 3, 4]), random([2, 4, 5]), random([2, 5, 6])]
    let rest = try test.expectUnchanged(by: passes, inputs)
    #expect(rest.nodes.map(\.opType) == ["Attention"])
    let result = try test.run(inputs, passes: passes)[0].elements(as: Float.self)
    #expect(result.prefix(6).allSatisfy { $0 == 0 } && result.allSatisfy { $0.isFinite })
  }

  /// Operands that broadcast, and a softmax along another axis.
  @Test func broadcastOperandsAreRightAndOtherAxesStay() throws {
    for axis in [-1, -2] {
      var random = RandomTensors(seed: 17)
      var test = TestGraph()
      let (q, k, v) = (test.input("q"), test.input("k"), test.input("v"))
      let weights = try test.one(
        "Softmax", [try test.one("MatMul", [q, k])], ["axis": .int(axis)])
      test.graph.outputs = [try test.one("MatMul", [weights, v])]
      let rest = try test.expectUnchanged(
        by: passes, [random([2, 1, 3, 4]), random([6, 4, 5]), random([5, 7])])
      #expect(rest.contains("Attention") == (axis == -1))
    }
  }

  /// The operator `Attention` reads through what moves its operands, and writes through what moves its
  /// result.
  @Test(arguments: ["none", "numbers", "truths"], [false, true])
  func theOperatorIsFused(mask: String, isFolded: Bool) throws {
    var random = RandomTensors(seed: 19)
    var test = TestGraph()
    test.opset = 23
    let input = test.input("x")
    let parts = try test.node(
      "Split", [input], ["axis": .int(2), "num_outputs": .int(3)], outputs: 3)
    func heads(_ value: ValueID) throws -> ValueID {
      let split = try test.one("Reshape", [value, test.ints([4, 9, 2, 5])])
      return try test.one("Transpose", [split], ["perm": .ints([0, 2, 1, 3])])
    }
    var operands: [ValueID?] = isFolded ? parts : try parts.map(heads)
    switch mask {
    case "numbers": operands.append(test.constant(random([4, 1, 9, 9], in: -9...0)))
    case "truths":
      operands.append(test.constant(Tensor((0..<81).map { $0 % 4 != 1 }, shape: [9, 9])))
    default: break
    }
    let attributes: [String: AttributeValue] =
      isFolded ? ["q_num_heads": .int(2), "kv_num_heads": .int(2)] : ["scale": .float(0.3)]
    let mixed = try test.one("Attention", operands, attributes)
    let back =
      isFolded ? mixed : try test.one("Transpose", [mixed], ["perm": .ints([0, 2, 1, 3])])
    test.graph.outputs = [try test.one("Reshape", [back, test.ints([36, 10])])]
    let rest = try test.expectUnchanged(by: passes, [random([4, 9, 30])])
    #expect(!rest.contains("Transpose") && !rest.contains("Split"))
    #expect(rest.nodes.count { $0.implementation is FusedAttention } == 1)
  }

  /// Rows that see nothing, bounds and masks that are computed are left to the operator.
  @Test(arguments: ["blind", "causal", "computed"])
  func otherFormsOfTheOperatorStay(kind: String) throws {
    var random = RandomTensors(seed: 20)
    var test = TestGraph()
    test.opset = 23
    var operands: [ValueID?] = [test.input("q"), test.input("k"), test.input("v")]
    var inputs = [random([1, 2, 6, 4]), random([1, 2, 6, 4]), random([1, 2, 6, 4])]
    switch kind {
    case "blind":
      operands.append(test.constant(Tensor((0..<36).map { $0 / 6 != 2 }, shape: [6, 6])))
    case "computed":
      operands.append(test.input("mask"))
      inputs.append(random([6, 6]))
    default: break
    }
    test.graph.outputs = [
      try test.one(
        "Attention", operands, kind == "causal" ? ["is_causal": .int(1)] : [:])
    ]
    let rest = try test.expectUnchanged(by: passes, inputs)
    #expect(rest.nodes.allSatisfy { $0.implementation is AttentionOperator })
    let result = try test.run(inputs, passes: passes)[0].elements(as: Float.self)
    #expect(result.allSatisfy { $0.isFinite })
  }
}
