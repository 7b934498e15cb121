// Tests of Networks: an `If` with a known condition gives way to its branch.

import Networks
import Tensors
import Testing

@Suite struct BranchInliningTests {
  /// `x + captured` or `captured`, by a condition.
  private func graph(_ condition: Tensor?) throws -> TestGraph {
    func branch(_ body: (inout TestGraph, ValueID) throws -> [ValueID]) throws -> Graph {
      var inner = TestGraph()
      let captured = inner.graph.addValue("outer")
      inner.graph.captures = [(slot: 0, inner: captured)]
      inner.graph.outputs = try body(&inner, captured)
      return inner.graph
    }
    let yes = try branch { inner, captured in
      let two = inner.constant(Tensor(Float(2)))
      let twice = try inner.one("Mul", [captured, two])
      return [try inner.one("Relu", [twice]), twice]
    }
    let no = try branch { _, captured in [captured, captured] }
    var test = TestGraph()
    let x = test.input("x", [3])
    let negative = try test.one("Neg", [x])
    let chosen =
      condition.map { test.constant($0) } ?? test.input("chosen")
    let outputs = (0..<2).map { test.graph.addValue("output\($0)") }
    let description = NodeDescription(
      opType: "If", opset: 18,
      attributes: [
        "then_branch": .graph(Subgraph(graph: yes)), "else_branch": .graph(Subgraph(graph: no)),
      ], inputPresence: [true], outputPresence: [true, true])
    test.graph.nodes.append(
      GraphNode(
        name: "choice", opType: "If", inputs: [chosen], outputs: outputs,
        implementation: try IfOperator(description), capturedValues: [negative]))
    test.graph.outputs = [try test.one("Abs", [outputs[0]]), outputs[1]]
    return test
  }

  @Test(arguments: [true, false])
  func theTakenBranchTakesThePlace(condition: Bool) throws {
    let test = try graph(Tensor(condition))
    let rest = try test.after(BranchInlining())
    #expect(
      rest.nodes.map(\.opType) == (condition ? ["Neg", "Mul", "Relu", "Abs"] : ["Neg", "Abs"]))
    let results = try test.run([Tensor([Float(1), -2, 3], shape: [3])], passes: [BranchInlining()])
    let doubled: [Float] = condition ? [-2, 4, -6] : [-1, 2, -3]
    let first: [Float] = condition ? [0, 4, 0] : [1, 2, 3]
    #expect(results.map { $0.elements(as: Float.self) } == [first, doubled])
  }

  @Test func aConditionThatIsNotKnownStays() throws {
    #expect(try graph(nil).after(BranchInlining()).contains("If"))
  }
}

extension Graph {
  /// Whether a node of this type is left.
  func contains(_ opType: String) -> Bool { nodes.contains { $0.opType == opType } }
}
