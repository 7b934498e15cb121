// Room: Networks. Pass: an `If` whose condition is known gives way to the branch it takes.

internal import Tensors

/// Puts the taken branch's nodes in the place of an `If` with a constant condition.
package struct BranchInlining: GraphPass {
  package let name = "branch-inlining"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.contains(IfOperator.self) else { return graph }
    var result = graph
    result.nodes = []
    var replacement: [ValueID: ValueID] = [:]
    for var node in graph.nodes {
      node.inputs = node.inputs.map { value in value.map { replacement[$0] ?? $0 } }
      node.capturedValues = node.capturedValues.map { replacement[$0] ?? $0 }
      guard let operation = node.implementation as? IfOperator, let value = node.input(0),
        let condition = graph.constants[value], condition.elementType == .bool,
        condition.count == 1
      else {
        result.nodes.append(node)
        continue
      }
      let branch = operation.subgraphs[condition.elements(as: Bool.self)[0] ? 0 : 1].inlined
      guard branch.graph.outputs.count >= node.outputs.count,
        branch.captures.allSatisfy({ $0.slot < node.capturedValues.count })
      else {
        result.nodes.append(node)
        continue
      }
      let made = inline(branch.graph, branch.captures, node, into: &result)
      for (output, value) in zip(node.outputs, made) {
        if let output { replacement[output] = value }
      }
    }
    result.outputs = result.outputs.map { replacement[$0] ?? $0 }
    return result
  }

  /// Copies a branch's values and nodes; gives the values of its outputs.
  private func inline(
    _ branch: Graph, _ captures: [(slot: Int, inner: ValueID)], _ node: GraphNode,
    into graph: inout Graph
  ) -> [ValueID] {
    var own = [ValueID?](repeating: nil, count: branch.names.count)
    for (slot, inner) in captures { own[inner] = node.capturedValues[slot] }
    func value(_ inner: ValueID) -> ValueID {
      if let known = own[inner] { return known }
      let made = graph.addValue(branch.names[inner])
      graph.constants[made] = branch.constants[inner]
      own[inner] = made
      return made
    }
    for var inner in branch.nodes {
      inner.inputs = inner.inputs.map { $0.map(value) }
      inner.capturedValues = inner.capturedValues.map(value)
      inner.outputs = inner.outputs.map { $0.map(value) }
      graph.nodes.append(inner)
    }
    return branch.outputs.map(value)
  }
}
