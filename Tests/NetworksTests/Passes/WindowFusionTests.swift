// Tests of Networks: attention inside windows with the products around it as one node.

import Networks
import Tensors
import Testing

@Suite struct WindowFusionTests {
  private let passes: [any GraphPass] = [
    ConstantFolding(), NormalizationFusion(), ProductFusion(), EinsumAttention(),
    AttentionFusion(), SelectionFusion(), MovementFusion(), RowFusion(), DeadNodeRemoval(),
    WindowFusion(),
  ]

  struct Form: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var pads = false
    var shifts = false
    /// Whether queries, keys and values are three products.
    var isSplit = false
    /// Whether queries and keys are divided by their norms.
    var isCosine = false
    /// Whether queries and keys are multiplied by a number each.
    var scalesOperands = false
    /// Whether the sums are written as Einsum.
    var isEinsum = false
    /// Whether the normalisation stands behind the projection, not before it.
    var normalizesLast = false
    var batch = 1
  }

  static let forms = [
    Form(testDescription: "plain"),
    Form(testDescription: "shifted", shifts: true),
    Form(testDescription: "padded", pads: true),
    Form(testDescription: "padded and shifted", pads: true, shifts: true),
    Form(testDescription: "normalised behind, two at once", normalizesLast: true, batch: 2),
    Form(testDescription: "three products", shifts: true, isSplit: true),
    Form(testDescription: "cosine", shifts: true, isCosine: true),
    Form(testDescription: "cosine of three products", isSplit: true, isCosine: true),
    Form(testDescription: "einsum", isEinsum: true),
    Form(testDescription: "scaled operands", scalesOperands: true),
    Form(testDescription: "einsum of scaled operands", scalesOperands: true, isEinsum: true),
  ]

  private static let width = 12, heads = 2, size = 6
  private static let window = (4, 3)

  /// A block of a shifted-window network: `x + projection(attention(windows of x))`.
  private func block(
    _ x: ValueID, _ form: Form, _ test: inout TestGraph, _ random: inout RandomTensors
  ) throws -> ValueID {
    let (width, heads, size) = (Self.width, Self.heads, Self.size)
    let (height, breadth) = (form.pads ? 14 : 16, form.pads ? 17 : 18)
    let (down, across) = (4, 6)
    let length = Self.window.0 * Self.window.1
    let count = form.batch * down * across
    func linear(_ x: ValueID, _ from: Int, _ to: Int) throws -> ValueID {
      let product = try test.one("MatMul", [x, test.constant(random([from, to]))])
      return try test.one("Add", [product, test.constant(random([to]))])
    }
    func normalized(_ x: ValueID) throws -> ValueID {
      try test.one(
        "LayerNormalization",
        [x, test.constant(random([width])), test.constant(random([width]))])
    }
    func rolled(_ value: ValueID, by step: Int) throws -> ValueID {
      let first = try test.one(
        "Slice", [value, test.ints([step]), test.ints([1 << 40]), test.ints([1])])
      let second = try test.one(
        "Slice", [value, test.ints([0]), test.ints([step]), test.ints([1])])
      return try test.one("Concat", [first, second], ["axis": .int(1)])
    }
    var y = form.normalizesLast ? x : try normalized(x)
    y = try test.one("Reshape", [y, test.ints([form.batch, height, breadth, width])])
    if form.pads { y = try test.one("Pad", [y, test.ints([0, 1, 0, 0, 0, 1, 1, 0])]) }
    if form.shifts { y = try rolled(y, by: 2) }
    y = try test.one(
      "Reshape", [y, test.ints([form.batch, down, Self.window.0, across, Self.window.1, width])])
    y = try test.one("Transpose", [y], ["perm": .ints([0, 1, 3, 2, 4, 5])])
    y = try test.one("Reshape", [y, test.ints([count, length, width])])
    var operands: [ValueID] = []
    if form.isSplit {
      for _ in 0..<3 {
        let made = try test.one(
          "Reshape", [try linear(y, width, width), test.ints([count, length, heads, size])])
        operands.append(try test.one("Transpose", [made], ["perm": .ints([0, 2, 1, 3])]))
      }
    } else {
      let made = try test.one(
        "Reshape", [try linear(y, width, 3 * width), test.ints([count, length, 3, heads, size])])
      let turned = try test.one("Transpose", [made], ["perm": .ints([2, 0, 3, 1, 4])])
      for index in 0..<3 {
        operands.append(try test.one("Gather", [turned, test.constant(Tensor(Int64(index)))]))
      }
    }
    if form.scalesOperands {
      let root = test.constant(Tensor(Float(0.6)))
      for index in 0..<2 { operands[index] = try test.one("Mul", [operands[index], root]) }
    }
    if form.isCosine {
      for index in 0..<2 {
        let norm = try test.one(
          "ReduceL2", [operands[index], test.ints([-1])], ["keepdims": .int(1)])
        let raised = try test.one("Clip", [norm, test.constant(Tensor(Float(1e-12)))])
        let wide = try test.one(
          "Expand", [raised, test.ints([count, heads, length, size])])
        operands[index] = try test.one("Div", [operands[index], wide])
      }
    }
    var scores: ValueID
    if form.isEinsum {
      scores = try test.one(
        "Einsum", [operands[0], operands[1]], ["equation": .string("bhid,bhjd->bhij")])
    } else {
      scores = try test.one(
        "MatMul",
        [operands[0], try test.one("Transpose", [operands[1]], ["perm": .ints([0, 1, 3, 2])])])
    }
    let factor = form.isCosine ? random([heads, 1, 1], in: 1...9) : Tensor(Float(0.4))
    scores = try test.one("Mul", [scores, test.constant(factor)])
    scores = try test.one(
      "Add", [scores, test.constant(random([1, heads, length, length]))])
    if form.shifts {
      scores = try test.one(
        "Add", [scores, test.constant(random([count, 1, length, length]))])
    }
    let weights = try test.one("Softmax", [scores], ["axis": .int(-1)])
    if form.isEinsum {
      y = try test.one("Einsum", [weights, operands[2]], ["equation": .string("bhij,bhjd->bhid")])
    } else {
      y = try test.one("MatMul", [weights, operands[2]])
    }
    y = try test.one("Transpose", [y], ["perm": .ints([0, 2, 1, 3])])
    y = try test.one("Reshape", [y, test.ints([count, length, width])])
    y = try linear(y, width, width)
    y = try test.one(
      "Reshape", [y, test.ints([form.batch, down, across, Self.window.0, Self.window.1, width])])
    y = try test.one("Transpose", [y], ["perm": .ints([0, 1, 3, 2, 4, 5])])
    y = try test.one("Reshape", [y, test.ints([form.batch, 16, 18, width])])
    if form.shifts { y = try rolled(y, by: 14) }
    if form.pads {
      y = try test.one(
        "Slice", [y, test.ints([1, 0]), test.ints([15, 17]), test.ints([1, 2])])
    }
    y = try test.one("Reshape", [y, test.ints([form.batch, height * breadth, width])])
    if form.normalizesLast { y = try normalized(y) }
    return try test.one("Add", [x, y])
  }

  private func rows(_ form: Form) -> Int { form.pads ? 14 * 17 : 16 * 18 }

  @Test(arguments: forms)
  func aBlockIsOneNodeInItsInputsPlace(_ form: Form) throws {
    var random = RandomTensors(seed: 91)
    var test = TestGraph()
    let shape: Shape = [form.batch, rows(form), Self.width]
    let input = test.input("x", shape.dimensions)
    let x = try test.one("Tanh", [input])
    let y = try block(x, form, &test, &random)
    test.graph.outputs = [try test.one("Softmax", [y], ["axis": .int(1)])]
    try test.expectUnchanged(by: passes, [random(shape)], tolerance: 2e-5)
    let core = NetworkCore(
      try GraphPasses.run(passes, over: test.graph, limits: TestGraph.limits),
      limits: TestGraph.limits)
    let plan = try core.planned(for: [TensorFacts(.float32, shape)]).plan
    // Three products share their normalised source, which is then made once.
    let expected =
      form.isSplit
      ? ["Tanh", "LayerNormalization", "Attention", "Softmax"] : ["Tanh", "Attention", "Softmax"]
    #expect(plan.steps.map(\.node.opType) == expected)
    let rows = shape.count * 4
    let aligned = (rows + 63) / 64 * 64
    #expect(plan.arenaBytes == (form.isSplit ? 2 : 1) * aligned)
  }

  @Test(arguments: [false, true])
  func hasTheSameBitsWhateverTheThreads(pads: Bool) throws {
    var random = RandomTensors(seed: 92)
    var test = TestGraph()
    let form = Form(testDescription: "", pads: pads, shifts: true, batch: 9)
    let x = test.input("x")
    test.graph.outputs = [try block(x, form, &test, &random)]
    let values = random([9, rows(form), Self.width])
    let bits = try [1, 3].map { threads in
      try ThreadPool(threads: threads).asCurrent {
        try test.run([values], passes: passes)[0].elements(as: Float.self).map(\.bitPattern)
      }
    }
    #expect(bits[0] == bits[1])
  }

  /// What the result replaces must not be what another window still reads.
  @Test func aResultInAnotherOrderHasItsOwnPlace() throws {
    var random = RandomTensors(seed: 93)
    var test = TestGraph()
    let x = try test.one("Tanh", [test.input("x", [24, 16, 8])])
    func heads(_ value: ValueID) throws -> ValueID {
      let product = try test.one("MatMul", [value, test.constant(random([8, 8]))])
      let split = try test.one("Reshape", [product, test.ints([24, 16, 2, 4])])
      return try test.one("Transpose", [split], ["perm": .ints([0, 2, 1, 3])])
    }
    let (q, k, v) = (try heads(x), try heads(x), try heads(x))
    let scores = try test.one(
      "MatMul", [q, try test.one("Transpose", [k], ["perm": .ints([0, 1, 3, 2])])])
    let mixed = try test.one("MatMul", [try test.one("Softmax", [scores]), v])
    var y = try test.one("Transpose", [mixed], ["perm": .ints([0, 2, 1, 3])])
    y = try test.one("Reshape", [y, test.ints([384, 8])])
    y = try test.one("MatMul", [y, test.constant(random([8, 8]))])
    // Rows change places between windows.
    y = try test.one(
      "Transpose", [try test.one("Reshape", [y, test.ints([24, 16, 8])])],
      ["perm": .ints([1, 0, 2])])
    y = try test.one("Reshape", [y, test.ints([24, 16, 8])])
    let sum = try test.one("Add", [x, y])
    test.graph.outputs = [try test.one("Softmax", [sum], ["axis": .int(0)])]
    let rest = try test.expectUnchanged(by: passes, [random([24, 16, 8])], tolerance: 1e-5)
    #expect(rest.nodes.map(\.opType) == ["Tanh", "Attention", "Softmax"])
    let core = NetworkCore(rest, limits: TestGraph.limits)
    let plan = try core.planned(for: [TensorFacts(.float32, [24, 16, 8])]).plan
    #expect(plan.arenaBytes == 2 * 24 * 16 * 8 * 4)
  }

  /// Queries, keys or values that somebody else reads, and attention over everything.
  @Test(arguments: ["shared", "global"])
  func whatIsNoPrivateWindowStays(kind: String) throws {
    var random = RandomTensors(seed: 94)
    var test = TestGraph()
    let batch = kind == "global" ? 1 : 16
    let x = test.input("x", [batch, 160, 8])
    let product = try test.one("MatMul", [x, test.constant(random([8, 24]))])
    let parts = try test.node(
      "Split", [product], ["axis": .int(2), "num_outputs": .int(3)], outputs: 3)
    let scores = try test.one(
      "MatMul", [parts[0], try test.one("Transpose", [parts[1]], ["perm": .ints([0, 2, 1])])])
    let mixed = try test.one("MatMul", [try test.one("Softmax", [scores]), parts[2]])
    test.graph.outputs = [mixed] + (kind == "shared" ? [product] : [])
    let rest = try test.expectUnchanged(by: passes, [random([batch, 160, 8])], tolerance: 1e-5)
    #expect(rest.nodes.map(\.opType) == ["MatMul", "Attention"])
  }
}
