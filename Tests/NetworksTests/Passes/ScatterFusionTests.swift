// Tests of Networks: scattered elements that are rows are scattered as rows.

import Networks
import TestSupport
import Tensors
import Testing

@Suite struct ScatterFusionTests {
  private let pass = ScatterFusion()

  /// Shapes of data, of the indices before they are expanded, and the axis.
  static let layouts: [(data: [Int], indices: [Int], expanded: [Int], axis: Int)] = [
    ([7, 5], [9, 1], [9, 5], 0),
    ([2, 6, 3], [4, 1], [2, 4, 3], 1),
    ([2, 6, 3], [2, 4, 1], [2, 4, 3], 1),
    ([50, 4, 2], [300, 1, 1], [300, 4, 2], -3),
    ([300, 128], [2000, 1], [2000, 128], 0),
  ]

  @Test(arguments: layouts.indices, ["none", "add", "mul", "max", "min"])
  func expandedIndicesScatterRows(_ layout: Int, _ reduction: String) throws {
    let (data, indices, expanded, axis) = Self.layouts[layout]
    var random = RandomTensors(seed: UInt64(layout) + 60)
    var generator = SeededGenerator(seed: UInt64(layout) + 60)
    var test = TestGraph()
    let (x, updates, places) = (
      test.input("x"), test.input("updates"), test.input("places", nil, .int64)
    )
    let wide = try test.one("Expand", [places, test.ints(expanded)])
    test.graph.outputs = [
      try test.one(
        "ScatterElements", [x, wide, updates],
        ["axis": .int(axis), "reduction": .string(reduction)])
    ]
    let length = Int64(data[axis < 0 ? axis + data.count : axis])
    let numbers = (0..<indices.reduce(1, *)).map { _ in
      Int64.random(in: -length..<length, using: &generator)
    }
    let rest = try test.expectUnchanged(
      by: [pass],
      [
        random(try Shape(checking: data)), random(try Shape(checking: expanded)),
        Tensor(numbers, shape: try Shape(checking: indices)),
      ], tolerance: 0)
    #expect(rest.nodes.map(\.opType) == ["ScatterElements"])
  }

  @Test(arguments: [true, false]) func constantIndicesAreLookedAt(areRows: Bool) throws {
    var random = RandomTensors(seed: 70)
    var test = TestGraph()
    let (x, updates) = (test.input("x"), test.input("updates"))
    let numbers: [Int64] = [2, 2, 2, 0, 0, 0, 2, 2, areRows ? 2 : 1]
    let places = test.constant(Tensor(numbers, shape: [3, 3]))
    test.graph.outputs = [
      try test.one("ScatterElements", [x, places, updates], ["reduction": .string("add")])
    ]
    let rest = try test.expectUnchanged(
      by: [pass], [random([4, 3]), random([3, 3])], tolerance: 0)
    #expect(rest.nodes.count == 1)
  }

  /// Updates that leave the ends of rows alone are no rows.
  @Test func partsOfRowsStay() throws {
    var random = RandomTensors(seed: 71)
    var test = TestGraph()
    let (x, updates, places) = (
      test.input("x"), test.input("updates"), test.input("places", nil, .int64)
    )
    let wide = try test.one("Expand", [places, test.ints([2, 2])])
    test.graph.outputs = [try test.one("ScatterElements", [x, wide, updates])]
    let rest = try test.expectUnchanged(
      by: [pass], [random([4, 3]), random([2, 2]), Tensor([3, 1] as [Int64], shape: [2, 1])],
      tolerance: 0)
    #expect(rest.nodes.map(\.opType) == ["Expand", "ScatterElements"])
  }
}
