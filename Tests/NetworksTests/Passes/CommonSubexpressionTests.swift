// Tests of Networks: what is computed twice is computed once, and nothing else.

import Networks
import Tensors
import Testing

@Suite struct CommonSubexpressionTests {
  private let pass = CommonSubexpressions()

  @Test func equalNodesAndConstantsAreShared() throws {
    var test = TestGraph()
    let x = test.input("x", [2, 3])
    let (a, b) = (test.constant(Tensor(Float(2))), test.constant(Tensor(Float(2))))
    let first = try test.one("Mul", [x, a])
    let second = try test.one("Mul", [x, b])
    let third = try test.one("LeakyRelu", [first], ["alpha": .float(0.1)])
    let fourth = try test.one("LeakyRelu", [second], ["alpha": .float(0.1)])
    // Both names stay outputs.
    test.graph.outputs = [try test.one("Add", [third, fourth]), third, fourth]
    var random = RandomTensors(seed: 2)
    let rest = try test.expectUnchanged(by: [pass], [random([2, 3])])
    #expect(rest.nodes.map(\.opType) == ["Mul", "LeakyRelu", "Add"])
  }

  @Test func nodesThatDifferOrDrawNumbersStay() throws {
    var test = TestGraph()
    let x = test.input("x", [2, 3])
    let a = try test.one("LeakyRelu", [x], ["alpha": .float(0.1)])
    let b = try test.one("LeakyRelu", [x], ["alpha": .float(0.2)])
    let c = try test.one("RandomNormal", [], ["shape": .ints([2, 3])])
    let d = try test.one("RandomNormal", [], ["shape": .ints([2, 3])])
    test.graph.outputs = [a, b, c, d]
    #expect(try test.after(pass).nodes.count == 4)
  }
}
