// Room: Networks. Pass: what is joined once is not joined again for each longer join.

internal import Tensors

/// Lets a `Concat` whose first inputs another `Concat` has joined already begin with that one's result.
///
/// Dense blocks join all earlier results anew for each of their layers: the copies grow with the square
/// of the layers. A plan then keeps each join inside the next, and nothing is copied at all.
package struct GrowingJoins: GraphPass {
  package let name = "growing-joins"

  package init() {}

  /// What a join is looked up by: joins of as many values with the same ends.
  private struct Ends: Hashable {
    var axis: Int, count: Int
    var first: ValueID, last: ValueID
  }

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    var result = graph
    var known: [Ends: (inputs: [ValueID], output: ValueID)] = [:]
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      let inputs = node.inputs.compactMap { $0 }
      guard let concat = node.implementation as? ConcatOperator, let output = node.result,
        inputs.count == node.inputs.count, let first = inputs.first, let last = inputs.last
      else { continue }
      // The longest that there is; the whole is left to whoever removes what is computed twice.
      for count in (2..<max(inputs.count, 2)).reversed() {
        let ends = Ends(axis: concat.axis, count: count, first: first, last: inputs[count - 1])
        guard let joined = known[ends], inputs.starts(with: joined.inputs) else { continue }
        result.nodes[index].inputs = [joined.output] + node.inputs.dropFirst(count)
        result.nodes[index].description = nil
        break
      }
      // By its parts as they were, so that the next one finds it.
      let ends = Ends(axis: concat.axis, count: inputs.count, first: first, last: last)
      known[ends] = (inputs, output)
    }
    return result
  }
}
