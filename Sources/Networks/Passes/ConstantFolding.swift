// Room: Networks. Pass: what depends on constants and declared shapes alone is computed once.

internal import Tensors

/// Replaces nodes whose outputs are known by constants.
///
/// Inputs with a wholly declared shape count as known shapes, which is what frees exported graphs
/// of their shape arithmetic. A constant may grow only by a bounded factor: `Expand` of a scalar to
/// a field stays a node.
package struct ConstantFolding: GraphPass {
  package let name = "constant-folding"
  /// Leaves dequantisations standing, for the pass that computes in integers.
  private let leavesDequantization: Bool

  package init() { leavesDequantization = false }

  init(leavingDequantization: Bool) { leavesDequantization = leavingDequantization }

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    var table = FactTable(declaredBy: graph, limits: limits)
    var result = graph
    result.nodes = []
    for node in graph.nodes {
      if leavesDequantization, node.implementation is any DequantizationNode {
        result.nodes.append(node)
        continue
      }
      try table.visit(node)
      let outputs = node.outputs.compactMap { $0 }
      let constants = outputs.compactMap { table.facts[$0]?.constant }
      if constants.count == outputs.count, !outputs.isEmpty {
        for (value, constant) in zip(outputs, constants) { result.constants[value] = constant }
      } else {
        result.nodes.append(node)
      }
    }
    return result
  }
}
