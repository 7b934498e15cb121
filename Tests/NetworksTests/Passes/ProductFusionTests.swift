// Tests of Networks: products take in what follows them.

import Networks
import Tensors
import Testing

@Suite struct ProductFusionTests {
  private let pass = ProductFusion()

  @Test(arguments: ["Relu", "Gelu", "Swish", "Clip", "Tanh", "Erf"])
  func matricesTakeInBiasSumAndActivation(activation: String) throws {
    var random = RandomTensors(seed: 9)
    var test = TestGraph()
    test.opset = 24
    let (x, residual) = (test.input("x"), test.input("residual"))
    let product = try test.one("MatMul", [x, test.constant(random([6, 20]))])
    let biased = try test.one("Add", [test.constant(random([20])), product])
    let sum = try test.one("Add", [residual, biased])
    let bounds =
      activation == "Clip"
      ? [test.constant(Tensor(Float(-0.25))), test.constant(Tensor(Float(0.5)))] : []
    test.graph.outputs = [try test.one(activation, [sum] + bounds)]
    let rest = try test.expectUnchanged(by: [pass], [random([3, 5, 6]), random([3, 5, 20])])
    #expect(rest.nodes.map(\.opType) == ["MatMul"])
    #expect(rest.nodes.first?.name == "MatMul_0")
  }

  @Test(arguments: [0, 1], [[4], [1, 4], [1], []])
  func gemmsTakeInActivations(transposed: Int, bias: [Int]) throws {
    var random = RandomTensors(seed: 10)
    var test = TestGraph()
    let x = test.input("x")
    let weights = test.constant(random(transposed == 1 ? [4, 6] : [6, 4]))
    let product = try test.one(
      "Gemm", [x, weights, test.constant(random(try Shape(checking: bias)))],
      ["transB": .int(transposed)])
    test.graph.outputs = [try test.one("Sigmoid", [product])]
    let rest = try test.expectUnchanged(by: [pass], [random([3, 6])])
    #expect(rest.nodes.map(\.opType) == ["Gemm"])
  }

  @Test func productsThatOthersNeedStay() throws {
    var random = RandomTensors(seed: 11)
    var test = TestGraph()
    let x = test.input("x")
    let weights = test.constant(random([6, 4]))
    let product = try test.one("MatMul", [x, weights])
    let biased = try test.one("Add", [product, test.constant(random([4]))])
    let active = try test.one("Relu", [biased])
    test.graph.outputs = [active, product, try test.one("Add", [biased, active])]
    let rest = try test.expectUnchanged(by: [pass], [random([3, 6])])
    #expect(rest.nodes.map(\.opType) == ["MatMul", "Add", "Relu", "Add"])
  }

  /// Scaled products, variable weights, a bias that adds a dimension, a sum that broadcasts.
  @Test func whatIsNoBiasStays() throws {
    var random = RandomTensors(seed: 12)
    var test = TestGraph()
    let (x, w, row) = (test.input("x"), test.input("w"), test.input("row"))
    let scaled = try test.one("Gemm", [x, test.constant(random([6, 4]))], ["alpha": .float(2)])
    let variable = try test.one("MatMul", [x, w])
    let product = try test.one("MatMul", [x, test.constant(random([6, 4]))])
    let other = try test.one("MatMul", [x, test.constant(random([6, 4]))])
    test.graph.outputs = [
      try test.one("Relu", [scaled]), try test.one("Relu", [variable]),
      try test.one("Add", [product, test.constant(random([2, 1, 4]))]),
      try test.one("Add", [other, row]),
    ]
    let rest = try test.expectUnchanged(
      by: [pass], [random([3, 6]), random([6, 4]), random([4])])
    #expect(rest.nodes.count == 8)
  }

  /// The same network for other shapes uses the same packed weights and stays right.
  @Test func shapesMayChangeBetweenRuns() throws {
    var random = RandomTensors(seed: 13)
    var test = TestGraph()
    let x = test.input("x")
    let product = try test.one("MatMul", [x, test.constant(random([6, 4]))])
    let biased = try test.one("Add", [product, test.constant(random([4]))])
    test.graph.outputs = [try test.one("Tanh", [try test.one("Add", [biased, biased])])]
    let core = NetworkCore(
      try GraphPasses.run(GraphPasses.standard, over: test.graph, limits: TestGraph.limits),
      limits: TestGraph.limits, passes: GraphPasses.standard)
    for count in [1, 3, 1, 17] {
      let tensor = random([count, 6])
      let plain = try test.run([tensor])[0].elements(as: Float.self)
      let result = try core.run([.tensor(tensor)])[0].tensor?.elements(as: Float.self) ?? []
      #expect(plain.count == result.count)
      for (a, b) in zip(plain, result) { #expect(abs(a - b) <= 1e-6) }
    }
  }
}
