// Tests of Networks: products with joined and gathered rows are taken apart.

import Networks
import TestSupport
import Tensors
import Testing

@Suite struct JoinedProductsTests {
  private let passes: [any GraphPass] = [JoinedProducts(), ProductFusion(), DeadNodeRemoval()]

  /// An edge's own features and those of its two ends, as graph networks join them.
  private struct Edges {
    var test = TestGraph()
    var edges: ValueID, nodes: ValueID, from: ValueID, to: ValueID

    init() {
      edges = test.input("edges")
      nodes = test.input("nodes")
      from = test.input("from", nil, .int64)
      to = test.input("to", nil, .int64)
    }

    static func values(outer: [Int], edges: Int, nodes: Int, width: Int) throws -> [Tensor] {
      var random = RandomTensors(seed: 90)
      var generator = SeededGenerator(seed: 91)
      let length = Int64(nodes)
      func places() -> Tensor {
        Tensor(
          (0..<edges).map { _ in Int64.random(in: -length..<length, using: &generator) },
          shape: Shape([edges]))
      }
      return [
        random(try Shape(checking: outer + [edges, width])),
        random(try Shape(checking: outer + [nodes, width])), places(), places(),
      ]
    }
  }

  @Test(arguments: [[], [2], [2, 3]], [true, false])
  func nodesAreMultipliedBeforeTheyAreGathered(outer: [Int], withEdges: Bool) throws {
    var graph = Edges()
    var random = RandomTensors(seed: 92)
    let axis: [String: AttributeValue] = ["axis": .int(outer.count)]
    let start = try graph.test.one("Gather", [graph.nodes, graph.from], axis)
    let end = try graph.test.one("Gather", [graph.nodes, graph.to], axis)
    let parts = (withEdges ? [graph.edges] : []) + [start, end]
    let joined = try graph.test.one("Concat", parts, ["axis": .int(-1)])
    let weights = graph.test.constant(random([parts.count * 20, 24]))
    let product = try graph.test.one("MatMul", [joined, weights])
    let sum = try graph.test.one("Add", [product, graph.test.constant(random([24]))])
    graph.test.graph.outputs = [try graph.test.one("Relu", [sum])]
    let rest = try graph.test.expectUnchanged(
      by: passes, try Edges.values(outer: outer, edges: 200, nodes: 30, width: 20),
      tolerance: 1e-5)
    #expect(!rest.nodes.contains { $0.opType == "Concat" })
    #expect(rest.nodes.count(where: { $0.opType == "Gather" }) == 1)
  }

  @Test(arguments: [true, false]) func gemmAndTuplesOfOne(transposed: Bool) throws {
    var graph = Edges()
    var random = RandomTensors(seed: 93)
    let tuples = try graph.test.one("Unsqueeze", [graph.from, graph.test.ints([-1])])
    let start = try graph.test.one("GatherND", [graph.nodes, tuples])
    let end = try graph.test.one("Gather", [graph.nodes, graph.to])
    let joined = try graph.test.one("Concat", [start, graph.edges, end], ["axis": .int(1)])
    let weights = graph.test.constant(random(transposed ? [40, 60] : [60, 40]))
    graph.test.graph.outputs = [
      try graph.test.one(
        "Gemm", [joined, weights, graph.test.constant(random([40]))],
        ["transB": .int(transposed ? 1 : 0)])
    ]
    let rest = try graph.test.expectUnchanged(
      by: passes, try Edges.values(outer: [], edges: 150, nodes: 40, width: 20), tolerance: 1e-5)
    #expect(!rest.nodes.contains { ["Concat", "GatherND"].contains($0.opType) })
  }

  /// Parts that come from nowhere else are multiplied one by one, where that moves less memory.
  @Test(arguments: [(40, 1), (96, 2)]) func joinedRowsNeedNotExist(columns: Int, left: Int) throws {
    var test = TestGraph()
    var random = RandomTensors(seed: 94)
    let (a, b) = (test.input("a"), test.input("b"))
    let joined = try test.one("Concat", [a, b], ["axis": .int(-1)])
    let weights = test.constant(random([80, columns]))
    test.graph.outputs = [try test.one("MatMul", [joined, weights])]
    let rest = try test.expectUnchanged(
      by: passes, [random([3, 7, 48]), random([3, 7, 32])], tolerance: 1e-5)
    #expect(rest.nodes.map(\.opType) == (left == 1 ? ["MatMul", "MatMul"] : ["Concat", "MatMul"]))
  }

  /// A table as long as what is gathered from it saves nothing, and other axes hold no rows.
  @Test(arguments: [0, 1]) func othersStay(axis: Int) throws {
    var test = TestGraph()
    var random = RandomTensors(seed: 95)
    let (a, table) = (test.input("a"), test.input("table"))
    let places = test.constant(Tensor((0..<32).map { Int64($0) }.reversed(), shape: [32]))
    let rows = try test.one("Gather", [table, places], ["axis": .int(axis)])
    let joined = try test.one("Concat", [a, rows], ["axis": .int(-1)])
    let weights = test.constant(random([64, 96]))
    test.graph.outputs = [try test.one("MatMul", [joined, weights])]
    let rest = try test.expectUnchanged(
      by: passes, [random([32, 32]), random([32, 32])], tolerance: 0)
    #expect(rest.nodes.map(\.opType) == ["Gather", "Concat", "MatMul"])
  }
}
