// Room: Networks. The operator If.

internal import Tensors

/// One of two graphs, by a condition.
package struct IfOperator: SubgraphOperator {
  package var subgraphs: [CompiledSubgraph]

  package init(_ node: NodeDescription) throws {
    guard let yes = try node.graph("then_branch"), let no = try node.graph("else_branch") else {
      throw OperatorFault.invalid("a branch is missing")
    }
    subgraphs = [CompiledSubgraph(yes), CompiledSubgraph(no)]
  }

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    let condition = try inputs.tensor(0)
    guard condition.elementType == .bool, condition.count == 1 else {
      throw OperatorFault.invalid(
        "the condition is \(condition.elementType.rawValue) \(condition.shape), not one boolean")
    }
    return try subgraphs[condition.elements(as: Bool.self)[0] ? 0 : 1].run([], inputs)
  }
}
