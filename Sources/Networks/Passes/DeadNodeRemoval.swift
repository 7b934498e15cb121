// Room: Networks. Pass: nodes that no output needs are removed, with their constants.

/// Removes nodes and constants that lead to no output.
package struct DeadNodeRemoval: GraphPass {
  package let name = "dead-node-removal"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    var needed = [Bool](repeating: false, count: graph.names.count)
    for output in graph.outputs { needed[output] = true }
    var nodes: [GraphNode] = []
    for node in graph.nodes.reversed() {
      guard node.outputs.contains(where: { $0.map { needed[$0] } ?? false }) else { continue }
      nodes.append(node)
      for case let value? in node.inputs { needed[value] = true }
      for value in node.capturedValues { needed[value] = true }
    }
    var result = graph
    result.nodes = nodes.reversed()
    result.constants = graph.constants.filter { needed[$0.key] }
    return result
  }
}
