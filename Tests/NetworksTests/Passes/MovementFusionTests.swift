// Tests of Networks: copies in a row become one copy, or none.

import Networks
import TestSupport
import Tensors
import Testing

@Suite struct MovementFusionTests {
  private let passes: [any GraphPass] = [MovementFusion(), IdentityRemoval()]

  @Test func transpositionsThatCancelOutVanish() throws {
    var random = RandomTensors(seed: 18)
    var test = TestGraph()
    let x = test.input("x")
    let there = try test.one("Transpose", [x], ["perm": .ints([0, 2, 3, 1])])
    let back = try test.one("Transpose", [there], ["perm": .ints([0, 3, 1, 2])])
    test.graph.outputs = [try test.one("Relu", [back])]
    let rest = try test.expectUnchanged(by: passes, [random([2, 3, 4, 5])])
    #expect(rest.nodes.map(\.opType) == ["Relu"])
  }

  @Test func copiesThatOthersNeedStay() throws {
    var random = RandomTensors(seed: 19)
    var test = TestGraph()
    let x = test.input("x")
    let turned = try test.one("Transpose", [x], ["perm": .ints([1, 0, 2])])
    let part = try test.one("Slice", [turned, test.ints([1]), test.ints([3])])
    test.graph.outputs = [part, turned, try test.one("Neg", [part])]
    let rest = try test.expectUnchanged(by: passes, [random([3, 4, 5])])
    #expect(rest.nodes.map(\.opType) == ["Transpose", "Slice", "Neg"])
  }

  /// Random chains of everything that moves elements.
  @Test(arguments: 0..<60)
  func chainsGiveTheSameElements(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    var test = TestGraph()
    var lengths = [2, 3, 4, 6]
    var value = test.input("x")
    for _ in 0..<Int.random(in: 2...6, using: &random) {
      let axis = Int.random(in: 0..<lengths.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0, 1:
        let order = Array(0..<lengths.count).shuffled(using: &random)
        value = try test.one("Transpose", [value], ["perm": .ints(order)])
        lengths = order.map { lengths[$0] }
      case 2 where lengths[axis] > 1:
        let backwards = Bool.random(using: &random)
        let (start, end, step) = backwards ? (-1, -lengths[axis] - 1, -2) : (1, Int.max, 1)
        value = try test.one(
          "Slice",
          [value, test.ints([start]), test.ints([end]), test.ints([axis]), test.ints([step])])
        lengths[axis] = backwards ? (lengths[axis] + 1) / 2 : lengths[axis] - 1
      case 3 where lengths.count > 1:
        let index = Int64(Int.random(in: 0..<lengths[axis], using: &random))
        value = try test.one(
          "Gather", [value, test.constant(Tensor(index))], ["axis": .int(axis)])
        lengths.remove(at: axis)
      case 4 where lengths.count > 1:
        let place = Int.random(in: 0..<lengths.count - 1, using: &random)
        lengths.replaceSubrange(place...place + 1, with: [lengths[place] * lengths[place + 1]])
        value = try test.one("Reshape", [value, test.ints(lengths)])
      case 5 where lengths[axis] % 2 == 0:
        lengths.replaceSubrange(axis...axis, with: [lengths[axis] / 2, 1, 2])
        value = try test.one("Reshape", [value, test.ints(lengths)])
      default: break
      }
    }
    test.graph.outputs = [try test.one("Neg", [value])]
    let elements = (0..<144).map(Float.init)
    try test.expectUnchanged(
      by: passes, [Tensor(elements, shape: [2, 3, 4, 6])], tolerance: 0)
  }
}
