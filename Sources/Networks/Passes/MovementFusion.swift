// Room: Networks. Pass: transpositions, slices and reshapes in a row become one copy, or none.

internal import Tensors

/// Lets nodes that only choose, order or reshape elements read them where the first of them found
/// them: transpositions that cancel out vanish, chains become one copy.
///
/// Only where shapes are known, and where at least one copy is saved: what lies between must have no
/// other users, or be needed by nodes that this pass frees from it as well.
package struct MovementFusion: GraphPass {
  package let name = "movement-fusion"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    let movers = graph.nodes.count { isMover($0) }
    guard movers > 1 else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    // Only the last copies of a chain are rewritten: the others are read by these alone.
    let ends = chainEnds(graph)
    for index in rewriter.nodes.indices where ends.contains(index) {
      let node = rewriter.nodes[index]
      guard let output = node.result, let facts = rewriter.facts(output), facts.shape.count > 0,
        let source = StridedSource.trace(output, &rewriter), source.value != output,
        source.copies > 1, let original = rewriter.facts(source.value)
      else { continue }
      let operation = FusedMovement(source: original.shape, walk: source.walk)
      var made = node.replaced(by: node.opType, operation, inputs: [source.value])
      made.description = nil
      rewriter.replace(at: index, with: made)
    }
    return try rewriter.finished()
  }

  private func isMover(_ node: GraphNode) -> Bool {
    node.implementation.asSelecting != nil || node.implementation.asView != nil
  }

  /// The copies whose chain back to its source is read by nobody but copies: those that some other
  /// node, or a view that such a node reads, needs.
  private func chainEnds(_ graph: Graph) -> Set<Int> {
    let producers = graph.producers()
    // Values that are read as they are, so that they must exist.
    var isRead = [Bool](repeating: false, count: graph.names.count)
    for value in graph.outputs { isRead[value] = true }
    for node in graph.nodes.reversed() {
      for value in node.capturedValues { isRead[value] = true }
      if node.implementation.asSelecting != nil {
        for case let value? in node.inputs.dropFirst() { isRead[value] = true }
        continue
      }
      let passesOn = node.implementation.asView != nil
      for (index, input) in node.inputs.enumerated() {
        guard let input else { continue }
        if passesOn, index == 0, !(node.result.map { isRead[$0] } ?? true) { continue }
        isRead[input] = true
      }
    }
    func existsAnyway(_ value: ValueID) -> Bool {
      guard let index = producers[value] else { return true }
      return isRead[value] || !isMover(graph.nodes[index])
    }
    var ends = Set<Int>()
    for (index, node) in graph.nodes.enumerated() {
      guard node.implementation.asSelecting != nil, node.outputs.count == 1,
        let output = node.result, isRead[output], let source = node.input(0),
        !existsAnyway(source)
      else { continue }
      ends.insert(index)
    }
    return ends
  }
}
