// Tests of Networks: pads, slices and cyclic shifts become one copy.

import Networks
import TestSupport
import Tensors
import Testing

@Suite struct SelectionFusionTests {
  private let pass = SelectionFusion()

  private func part(
    _ test: inout TestGraph, _ x: ValueID, _ axis: Int, _ start: Int, _ end: Int
  ) throws -> ValueID {
    try test.one("Slice", [x, test.ints([start]), test.ints([end]), test.ints([axis])])
  }

  private func shift(
    _ test: inout TestGraph, _ x: ValueID, _ axis: Int, by count: Int
  ) throws -> ValueID {
    let rest = try part(&test, x, axis, count, .max)
    let first = try part(&test, x, axis, 0, count)
    return try test.one("Concat", [rest, first], ["axis": .int(axis)])
  }

  /// A pad, shifts along three axes, and the cut back, as in a shifted-window network.
  @Test(arguments: [[2, 4, 6, 3], [1, 3, 5, 16]])
  func padsAndShiftsAreOneCopy(lengths: [Int]) throws {
    var random = RandomTensors(seed: 30)
    var test = TestGraph()
    let x = test.input("x")
    var value = try test.one("Pad", [x, test.ints([0, 1, 0, 0, 0, 1, 2, 0])])
    for axis in 1...2 { value = try shift(&test, value, axis, by: 2) }
    value = try shift(&test, value, 2, by: -1)
    value = try part(&test, value, 1, 1, lengths[1])
    test.graph.outputs = [try test.one("Neg", [value])]
    let rest = try test.expectUnchanged(
      by: [pass], [random(try Shape(checking: lengths))], tolerance: 0)
    #expect(rest.nodes.map(\.opType) == ["Slice", "Neg"])
  }

  /// Around the globe and over its edges, as convolutions on a sphere pad.
  @Test(arguments: ["constant", "edge", "reflect", "wrap"])
  func padsOfAGlobeAreOneCopy(mode: String) throws {
    var random = RandomTensors(seed: 32)
    var test = TestGraph()
    let around = try test.one(
      "Pad", [test.input("x"), test.ints([0, 0, 2, 0, 0, 3])], ["mode": .string("wrap")])
    let over = try test.one(
      "Pad", [around, test.ints([0, 1, 0, 0, 2, 0])], ["mode": .string(mode)])
    test.graph.outputs = [try test.one("Neg", [over])]
    let rest = try test.expectUnchanged(by: [pass], [random([3, 5, 8])], tolerance: 0)
    #expect(rest.nodes.map(\.opType) == ["Pad", "Neg"])
  }

  /// What others read stays: parts joined with something else, and values between.
  @Test func concatenationsOfDifferentValuesStay() throws {
    var random = RandomTensors(seed: 31)
    var test = TestGraph()
    let (x, y) = (test.input("x"), test.input("y"))
    let shifted = try shift(&test, x, 0, by: 1)
    let joined = try test.one("Concat", [shifted, y], ["axis": .int(1)])
    let padded = try test.one(
      "Pad", [x, test.ints([0, 0, 1, 0]), test.constant(Tensor(Float(1)))])
    test.graph.outputs = [joined, shifted, padded]
    let rest = try test.expectUnchanged(
      by: [pass], [random([4, 3]), random([4, 2])], tolerance: 0)
    #expect(rest.nodes.map(\.opType) == ["Concat", "Concat", "Pad"])
  }

  /// Random chains, negative steps and mirrored halves included.
  @Test(arguments: 0..<40)
  func chainsGiveTheSameElements(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed) &+ 500)
    var test = TestGraph()
    var value = test.input("x")
    var lengths = [3, 5, 4]
    for _ in 0..<Int.random(in: 2...5, using: &random) {
      let axis = Int.random(in: 0..<3, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0 where lengths[axis] > 1:
        let count = Int.random(in: 1..<lengths[axis], using: &random)
        value = try shift(&test, value, axis, by: count)
      case 1:
        var pads = [Int](repeating: 0, count: 6)
        pads[axis] = Int.random(in: 0...2, using: &random)
        pads[axis + 3] = Int.random(in: 0...2, using: &random)
        let mode = ["constant", "edge", "wrap", "reflect"].randomElement(using: &random)!
        value = try test.one("Pad", [value, test.ints(pads)], ["mode": .string(mode)])
        lengths[axis] += pads[axis] + pads[axis + 3]
      case 2 where lengths[axis] > 2:
        value = try part(&test, value, axis, 1, -1)
        lengths[axis] -= 2
      case 3:
        value = try test.one(
          "Slice",
          [value, test.ints([-1]), test.ints([.min]), test.ints([axis]), test.ints([-1])])
      default: break
      }
    }
    test.graph.outputs = [try test.one("Abs", [value])]
    let elements = (0..<60).map { Float($0 + 1) }
    try test.expectUnchanged(by: [pass], [Tensor(elements, shape: [3, 5, 4])], tolerance: 0)
  }
}
