// Tests of Networks: products, normalisations and arithmetic over the same rows as one node.

import Networks
import Tensors
import Testing

@Suite struct RowFusionTests {
  private let passes: [any GraphPass] = [
    ProductFusion(), SelectionFusion(), MovementFusion(), RowFusion(), DeadNodeRemoval(),
  ]

  private func normalized(
    _ x: ValueID, _ width: Int, _ test: inout TestGraph, _ random: inout RandomTensors
  ) throws -> ValueID {
    try test.one(
      "LayerNormalization",
      [x, test.constant(random([width])), test.constant(random([width]))])
  }

  private func linear(
    _ x: ValueID, _ from: Int, _ to: Int, _ test: inout TestGraph, _ random: inout RandomTensors
  ) throws -> ValueID {
    let product = try test.one("MatMul", [x, test.constant(random([from, to]))])
    return try test.one("Add", [product, test.constant(random([to]))])
  }

  /// With the normalisation before the MLP, behind it, and behind the sum.
  @Test(arguments: ["before", "behind", "last"], [20, 300])
  func aBlockIsOneNode(place: String, width: Int) throws {
    var random = RandomTensors(seed: 71)
    var test = TestGraph()
    test.opset = 20
    let x = test.input("x")
    var y = x
    if place == "before" { y = try normalized(y, width, &test, &random) }
    y = try linear(y, width, 2 * width, &test, &random)
    y = try test.one("Gelu", [y])
    y = try linear(y, 2 * width, width, &test, &random)
    if place == "behind" { y = try normalized(y, width, &test, &random) }
    y = try test.one("Add", [x, y])
    if place == "last" { y = try normalized(y, width, &test, &random) }
    test.graph.outputs = [y]
    let rest = try test.expectUnchanged(by: passes, [random([2, 90, width])], tolerance: 1e-5)
    #expect(rest.nodes.map(\.opType) == ["MatMul"])
  }

  /// Scales and shifts that the network computes, gates, and what stands first in a difference.
  @Test func rowsOfOtherValuesAreTakenIn() throws {
    var random = RandomTensors(seed: 72)
    var test = TestGraph()
    let (x, scale, shift, gate) = (
      test.input("x"), test.input("scale"), test.input("shift"), test.input("gate")
    )
    var y = try test.one("LayerNormalization", [x, test.constant(random([24]))])
    y = try test.one("Mul", [scale, y])
    y = try test.one("Add", [y, shift])
    y = try linear(y, 24, 24, &test, &random)
    y = try test.one("Mul", [gate, y])
    y = try test.one("Sub", [x, y])
    y = try test.one("Div", [test.constant(Tensor(Float(2))), try test.one("Exp", [y])])
    test.graph.outputs = [y]
    let rest = try test.expectUnchanged(
      by: passes,
      [random([1, 200, 24]), random([1, 1, 24]), random([24]), random([1, 1, 24])],
      tolerance: 1e-5)
    #expect(rest.nodes.map(\.opType) == ["MatMul"])
  }

  /// A shifted window partition before a projection, and the way back with the residual.
  @Test(arguments: [nil, "constant", "wrap", "edge"], [false, true])
  func windowsAreListsOfRows(pads mode: String?, shifts: Bool) throws {
    let pads = mode != nil
    var random = RandomTensors(seed: 73)
    var test = TestGraph()
    let x = test.input("x")
    let (height, width) = (pads ? 10 : 12, pads ? 17 : 18)
    func rolled(_ value: ValueID, by step: Int) throws -> ValueID {
      let first = try test.one(
        "Slice", [value, test.ints([step]), test.ints([1 << 40]), test.ints([2])])
      let second = try test.one(
        "Slice", [value, test.ints([0]), test.ints([step]), test.ints([2])])
      return try test.one("Concat", [first, second], ["axis": .int(2)])
    }
    var y = try normalized(x, 5, &test, &random)
    y = try test.one("Reshape", [y, test.ints([1, height, width, 5])])
    if let mode {
      y = try test.one(
        "Pad", [y, test.ints([0, 1, 0, 0, 0, 1, 1, 0])], ["mode": .string(mode)])
    }
    if shifts { y = try rolled(y, by: 2) }
    y = try test.one("Reshape", [y, test.ints([1, 3, 4, 6, 3, 5])])
    y = try test.one("Transpose", [y], ["perm": .ints([0, 1, 3, 2, 4, 5])])
    y = try test.one("Reshape", [y, test.ints([18, 12, 5])])
    y = try linear(y, 5, 7, &test, &random)
    y = try test.one("Softmax", [y], ["axis": .int(1)])
    y = try linear(y, 7, 5, &test, &random)
    y = try test.one("Reshape", [y, test.ints([1, 3, 6, 4, 3, 5])])
    y = try test.one("Transpose", [y], ["perm": .ints([0, 1, 3, 2, 4, 5])])
    y = try test.one("Reshape", [y, test.ints([1, 12, 18, 5])])
    if shifts { y = try rolled(y, by: 16) }
    if pads {
      y = try test.one(
        "Slice", [y, test.ints([1, 0]), test.ints([11, 17]), test.ints([1, 2])])
    }
    y = try test.one("Reshape", [y, test.ints([1, height * width, 5])])
    test.graph.outputs = [try test.one("Add", [y, x])]
    let rest = try test.expectUnchanged(
      by: passes, [random([1, height * width, 5])], tolerance: 1e-5)
    #expect(rest.nodes.map(\.opType).filter { $0 != "Reshape" } == ["MatMul", "Softmax", "MatMul"])
  }

  /// What somebody else needs, columns that are moved, sums over another axis, few rows.
  @Test func whatIsNoPrivateRowStays() throws {
    var random = RandomTensors(seed: 74)
    var test = TestGraph()
    let (x, few) = (test.input("x"), test.input("few"))
    let normal = try normalized(x, 6, &test, &random)
    let product = try linear(normal, 6, 6, &test, &random)
    let turned = try test.one("Transpose", [product], ["perm": .ints([1, 0])])
    let column = try test.one("Add", [product, test.input("column")])
    let small = try linear(try normalized(few, 6, &test, &random), 6, 3, &test, &random)
    test.graph.outputs = [normal, turned, column, small]
    let rest = try test.expectUnchanged(
      by: passes, [random([150, 6]), random([4, 6]), random([150, 1])])
    #expect(
      rest.nodes.map(\.opType).sorted() == [
        "Add", "LayerNormalization", "LayerNormalization", "MatMul", "MatMul", "Transpose",
      ])
  }

  /// The residual's memory becomes the result's, unless rows are read from it in another order.
  @Test(arguments: [false, true])
  func resultsTakeTheResidualsPlace(moves: Bool) throws {
    var random = RandomTensors(seed: 75)
    var test = TestGraph()
    let input = test.input("x", [16, 16, 8])
    let x = try test.one("Neg", [input])
    var y = x
    if moves { y = try test.one("Transpose", [y], ["perm": .ints([1, 0, 2])]) }
    y = try normalized(y, 8, &test, &random)
    y = try linear(y, 8, 8, &test, &random)
    let sum = try test.one("Add", [x, y])
    test.graph.outputs = [try test.one("Softmax", [sum], ["axis": .int(0)])]
    try test.expectUnchanged(by: passes, [random([16, 16, 8])], tolerance: 1e-5)
    let core = NetworkCore(
      try GraphPasses.run(passes, over: test.graph, limits: TestGraph.limits),
      limits: TestGraph.limits)
    let plan = try core.planned(for: [TensorFacts(.float32, [16, 16, 8])]).plan
    #expect(plan.steps.map(\.node.opType) == ["Neg", "MatMul", "Softmax"])
    #expect(plan.arenaBytes == (moves ? 2 : 1) * 16 * 16 * 8 * 4)
  }

  @Test func hasTheSameBitsWhateverTheThreads() throws {
    var random = RandomTensors(seed: 76)
    var test = TestGraph()
    let x = test.input("x")
    var y = try normalized(x, 64, &test, &random)
    y = try linear(y, 64, 600, &test, &random)
    y = try linear(try test.one("Tanh", [y]), 600, 64, &test, &random)
    test.graph.outputs = [try test.one("Add", [y, x])]
    let values = random([1000, 64])
    let bits = try [1, 3].map { threads in
      try ThreadPool(threads: threads).asCurrent {
        try test.run([values], passes: passes)[0].elements(as: Float.self).map(\.bitPattern)
      }
    }
    #expect(bits[0] == bits[1])
  }
}
