// Tests of Networks: shapes as expressions of open lengths.

import Foundation
import Networks
import ONNXFormat
import TestSupport
import Tensors
import Testing

@Suite struct SymbolicShapeTests {
  private func text(_ graph: Graph) -> [String] {
    let symbolic = SymbolicShapes(graph)
    return graph.outputs.map { value in
      symbolic[value].map { "[\($0.map(\.description).joined(separator: ", "))]" } ?? "?"
    }
  }

  private func graph(_ dimensions: [ValueDescription.Dimension]) -> (TestGraph, ValueID) {
    var test = TestGraph()
    let x = test.graph.addValue("x")
    test.graph.inputs = [
      GraphInput(
        value: x,
        declared: ValueDescription(name: "x", elementType: .float32, dimensions: dimensions))
    ]
    return (test, x)
  }

  @Test func lengthsArePassedOnHalvedAndMultiplied() throws {
    var (test, x) = graph([.symbol("batch"), .fixed(3), .symbol("height"), .unknown])
    let same = try test.one("Relu", [x])
    let pooled = try test.one(
      "MaxPool", [x], ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2])])
    let doubled = try test.one(
      "Resize", [x, nil, test.constant(Tensor([Float(1), 1, 2, 3], shape: [4]))])
    let flat = try test.one("Flatten", [x], ["axis": .int(2)])
    let joined = try test.one("Concat", [x, x, test.one("Neg", [x])], ["axis": .int(2)])
    test.graph.outputs = [same, pooled, doubled, flat, joined]
    #expect(
      text(test.graph) == [
        "[batch, 3, height, x.3]", "[batch, 3, (height - 1)/2, (x.3 - 1)/2]",
        "[batch, 3, height*2, x.3*3]", "[batch*3, height*x.3]", "[batch, 3, height*3, x.3]",
      ])
  }

  /// Shape arithmetic keeps what is known of each dimension.
  @Test func shapeArithmeticIsFollowed() throws {
    var (test, x) = graph([.symbol("batch"), .fixed(8), .symbol("length")])
    let shape = try test.one("Shape", [x])
    let first = try test.one("Gather", [shape, test.ints([0])])
    let last = try test.one("Gather", [shape, test.ints([2])])
    let longer = try test.one("Add", [last, test.ints([4])])
    let target = try test.one("Concat", [first, test.ints([2, -1]), last], ["axis": .int(0)])
    let split = try test.one("Reshape", [x, target])
    let zeros = try test.one(
      "ConstantOfShape", [try test.one("Concat", [longer, first], ["axis": .int(0)])])
    test.graph.outputs = [split, zeros]
    #expect(text(test.graph) == ["[batch, 2, 4, length]", "[length + 4, batch]"])
  }

  @Test func whatDependsOnDataIsOpen() throws {
    var (test, x) = graph([.symbol("n")])
    let places = try test.one("NonZero", [x])
    test.graph.outputs = [places, try test.one("Transpose", [places])]
    #expect(text(test.graph) == ["?", "?"])
  }

  /// A network that halves its input must be asked with even lengths.
  @Test func networksThatTakeMultiplesOnlySaySo() throws {
    var (test, x) = graph([.symbol("n"), .fixed(4)])
    let halves = try test.one("Reshape", [x, test.ints([2, -1, 4])])
    let fixed = try test.one("Reshape", [x, test.ints([-1, 8])])
    test.graph.outputs = [halves, fixed]
    let symbolic = SymbolicShapes(test.graph)
    #expect(symbolic.granularity == 2)
    #expect(text(test.graph) == ["[2, n/2, 4]", "[n/2, 8]"])
  }

  @Test(.enabled(if: SharedFolder.exists("networks")), arguments: ["smaat_unet", "convgru_loop"])
  func networksOfTheFolderHaveShapes(_ name: String) throws {
    let model = SharedFolder.url.appending(path: "networks/\(name)/model.onnx")
    let network = try CompiledNetwork(contentsOf: model)
    let (shapes, _) = network.symbolicOutputs
    #expect(shapes.count == network.outputs.count)
  }

  /// Nodes whose outputs' shapes only the data tell run, and so does what follows them.
  @Test func shapesThatDependOnDataRun() throws {
    var test = TestGraph()
    let x = test.input("x")
    let places = try test.one("NonZero", [x])
    let turned = try test.one("Transpose", [places], ["perm": .ints([1, 0])])
    let chosen = try test.one("GatherND", [x, turned])
    test.graph.outputs = [
      try test.one("ReduceSum", [chosen], ["keepdims": .int(0)]), try test.one("Shape", [chosen]),
    ]
    let core = NetworkCore(
      try GraphPasses.run(GraphPasses.standard, over: test.graph, limits: TestGraph.limits),
      limits: TestGraph.limits, passes: GraphPasses.standard)
    for values in [[0, 1, 2, 0], [5, 0, 0, 0], [0, 0, 0, 0]] as [[Float]] {
      let results = try core.run([.tensor(Tensor(values, shape: [2, 2]))])
      #expect(results[0].tensor?.elements(as: Float.self) == [values.reduce(0, +)])
      #expect(
        results[1].tensor?.elements(as: Int64.self) == [Int64(values.count { $0 != 0 })])
    }
  }
}
