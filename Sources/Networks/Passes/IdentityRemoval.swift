// Room: Networks. Pass: nodes that only hand on their input are removed.

/// Removes `Identity` and every other operator that says it hands on an input unchanged.
package struct IdentityRemoval: GraphPass {
  package let name = "identity-removal"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    var result = graph
    result.nodes = []
    var replacement: [ValueID: ValueID] = [:]
    for var node in graph.nodes {
      node.inputs = node.inputs.map { value in value.map { replacement[$0] ?? $0 } }
      node.capturedValues = node.capturedValues.map { replacement[$0] ?? $0 }
      if let pass = node.implementation as? any PassThrough, let index = pass.passedInput(node),
        index < node.inputs.count, let source = node.inputs[index],
        let output = node.outputs.first ?? nil,
        node.outputs.dropFirst().allSatisfy({ $0 == nil })
      {
        replacement[output] = source
      } else {
        result.nodes.append(node)
      }
    }
    for index in result.outputs.indices {
      if let source = replacement[result.outputs[index]] { result.outputs[index] = source }
    }
    return result
  }
}

/// An operator that may hand on an input unchanged, type and shape included.
package protocol PassThrough: Operator {
  /// The input that output 0 is, if it is one.
  func passedInput(_ node: GraphNode) -> Int?
}
