// Tests of Networks: longer joins begin with shorter ones.

import Networks
import Tensors
import Testing

@Suite struct GrowingJoinsTests {
  private let pass = GrowingJoins()

  /// A dense block: each layer sees all results before it.
  @Test(arguments: [1, 2], [1, -1])
  func denseBlocksJoinEachResultOnce(batch: Int, axis: Int) throws {
    var random = RandomTensors(seed: 91)
    var test = TestGraph()
    test.opset = 13
    var parts = [test.input("x")]
    for _ in 0..<4 {
      let all = parts.count > 1 ? try test.one("Concat", parts, ["axis": .int(axis)]) : parts[0]
      let mean = try test.one("ReduceMean", [all], ["axes": .ints([axis])])
      parts.append(try test.one("Tanh", [mean]))
    }
    test.graph.outputs = [try test.one("Concat", parts, ["axis": .int(axis)])]
    let rest = try test.expectUnchanged(by: [pass], [random([batch, 16, 8, 16])])
    #expect(rest.nodes.filter { $0.opType == "Concat" }.allSatisfy { $0.inputs.count == 2 })
  }

  /// Another order, another axis, and the same values whole.
  @Test func otherJoinsStay() throws {
    var random = RandomTensors(seed: 92)
    var test = TestGraph()
    let (a, b) = (test.input("a"), test.input("b"))
    let lists = [([a, b], 1), ([b, a, a], 1), ([a, b, a], 0), ([a, b], 1)]
    test.graph.outputs = try lists.map { try test.one("Concat", $0.0, ["axis": .int($0.1)]) }
    let rest = try test.expectUnchanged(by: [pass], [random([2, 3]), random([2, 3])])
    #expect(rest.nodes.map(\.inputs.count) == [2, 3, 3, 2])
  }
}
