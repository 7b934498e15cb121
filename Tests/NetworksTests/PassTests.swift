// Tests of Networks: each pass alone.

import Networks
import Tensors
import Testing

@Suite struct PassTests {
  @Test func foldingComputesWhatDependsOnConstantsAndDeclaredShapes() throws {
    var test = TestGraph()
    let x = test.input("x", [2, 3, 4])
    let shape = try test.one("Shape", [x])
    let last = try test.one("Gather", [shape, test.constant(Tensor(Int64(2)))])
    let doubled = try test.one("Mul", [last, test.constant(Tensor(Int64(2)))])
    let target = try test.one(
      "Concat", [test.ints([-1]), try test.one("Unsqueeze", [doubled, test.ints([0])])],
      ["axis": .int(0)])
    test.graph.outputs = [try test.one("Reshape", [x, target])]
    let folded = try ConstantFolding().apply(test.graph, limits: TestGraph.limits)
    #expect(folded.nodes.map(\.opType) == ["Reshape"])
    #expect(folded.constants[target]?.elements(as: Int64.self) == [-1, 8])
  }

  @Test func foldingDoesNotBlowUpConstants() throws {
    var test = TestGraph()
    let zero = test.constant(Tensor(Float(0)))
    test.graph.outputs = [try test.one("Expand", [zero, test.ints([4096, 4096])])]
    let folded = try ConstantFolding().apply(test.graph, limits: TestGraph.limits)
    #expect(folded.nodes.count == 1)
  }

  @Test func randomNumbersAreNotFolded() throws {
    guard OperatorRegistry.type("RandomNormal", domain: "") != nil else { return }
    var test = TestGraph()
    test.graph.outputs = [try test.one("RandomNormal", [], ["shape": .ints([3])])]
    let folded = try ConstantFolding().apply(test.graph, limits: TestGraph.limits)
    #expect(folded.nodes.count == 1)
  }

  @Test func identitiesAndDropoutsGo() throws {
    var test = TestGraph()
    let x = test.input("x")
    let same = try test.one("Identity", [x])
    let dropped = try test.one("Dropout", [same])
    let result = try test.one("Relu", [dropped])
    test.graph.outputs = [result, try test.one("Identity", [result]), same]
    let rest = try IdentityRemoval().apply(test.graph, limits: TestGraph.limits)
    #expect(rest.nodes.map(\.opType) == ["Relu"])
    #expect(rest.nodes.first?.inputs == [x])
    #expect(rest.outputs == [result, result, x])
    let tensor = Tensor([Float(-1), 2], shape: [2])
    let results = try test.run([tensor], passes: [IdentityRemoval()])
    #expect(results.map { $0.elements(as: Float.self) } == [[0, 2], [0, 2], [-1, 2]])
  }

  @Test func deadNodesGo() throws {
    var test = TestGraph()
    let x = test.input("x")
    let unused = test.constant(Tensor(Float(1)))
    _ = try test.one("Add", [x, unused])
    test.graph.outputs = [try test.one("Relu", [x])]
    let rest = try DeadNodeRemoval().apply(test.graph, limits: TestGraph.limits)
    #expect(rest.nodes.map(\.opType) == ["Relu"])
    #expect(rest.constants.isEmpty)
  }

  /// Conv, BatchNormalization and activations: the fused graph gives what the plain one gives.
  @Test(arguments: ["Relu", "LeakyRelu", "Sigmoid", "Tanh", "Clip", "HardSwish"])
  func convolutionsTakeInWhatFollows(activation: String) throws {
    var random = RandomTensors(seed: 7)
    var test = TestGraph()
    let x = test.input("x")
    let convolved = try test.one(
      "Conv", [x, test.constant(random([5, 3, 3, 3])), test.constant(random([5]))],
      ["pads": .ints([1, 1, 1, 1])])
    let normal = try test.one(
      "BatchNormalization",
      [
        convolved, test.constant(random([5])), test.constant(random([5])),
        test.constant(random([5])), test.constant(random([5], in: 0.5...2)),
      ])
    let bounds =
      activation == "Clip"
      ? [test.constant(Tensor(Float(-0.25))), test.constant(Tensor(Float(0.5)))] : []
    test.graph.outputs = [try test.one(activation, [normal] + bounds)]
    let rest = try test.expectUnchanged(
      by: [ConvolutionFusion(), DeadNodeRemoval()], [random([2, 3, 9, 11])], tolerance: 1e-5)
    #expect(rest.nodes.map(\.opType) == ["Conv"])
  }
}
