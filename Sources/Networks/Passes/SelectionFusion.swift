// Room: Networks. Pass: pads, slices and cyclic shifts in a row become one copy.

internal import Tensors

/// Makes one `FusedSelection` of nodes that choose elements axis by axis: `Slice`, `Pad` by zeros or by
/// the input's own elements, and `Concat` of parts of one value, which is how exporters write a cyclic
/// shift. Shifted windows take a pad and up to nine such copies, and the pads of a globe two; what
/// remains is one.
///
/// Only where shapes are known and at least one copy is saved.
package struct SelectionFusion: GraphPass {
  package let name = "selection-fusion"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.nodes.count(where: isSelection) > 1 else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    // From the end on: the last of a chain reads where the chain begins, and what lies between is
    // needed only if somebody else needs it.
    var needed = [Bool](repeating: false, count: graph.names.count)
    for value in graph.outputs { needed[value] = true }
    for index in rewriter.nodes.indices.reversed() {
      let node = rewriter.nodes[index]
      guard node.outputs.contains(where: { $0.map { needed[$0] } ?? false }) else { continue }
      if let (value, operation) = fused(node, needed, &rewriter) {
        rewriter.replace(
          at: index, with: node.replaced(by: node.opType, operation, inputs: [value]))
        needed[value] = true
        continue
      }
      for case let value? in node.inputs { needed[value] = true }
      for value in node.capturedValues { needed[value] = true }
    }
    return try rewriter.finished()
  }

  private func isSelection(_ node: GraphNode) -> Bool {
    node.implementation is SliceOperator || node.implementation is PadOperator
      || node.implementation is ConcatOperator
  }

  private func fused(
    _ node: GraphNode, _ needed: [Bool], _ rewriter: inout GraphRewriter
  ) -> (ValueID, FusedSelection)? {
    guard isSelection(node), let output = node.result, let facts = rewriter.facts(output),
      facts.shape.count > 0, let selection = selection(of: output, &rewriter),
      // Slices alone are strided, which other passes make more of.
      selection.copies > 1, selection.hasTables,
      !parts(node).contains(where: { needed[$0] && $0 != selection.value }),
      let source = rewriter.facts(selection.value)
    else { return nil }
    return (selection.value, FusedSelection(source: source.shape, maps: selection.maps))
  }

  /// The inputs that elements come from.
  private func parts(_ node: GraphNode) -> [ValueID] {
    (node.implementation is ConcatOperator ? node.inputs : Array(node.inputs.prefix(1)))
      .compactMap { $0 }
  }

  private struct Selection {
    var value: ValueID
    var maps: [[Int]]
    var copies = 0
    /// Whether it takes tables, not only starts and steps.
    var hasTables = false
  }

  /// `value` as elements of an earlier one.
  private func selection(
    of value: ValueID, _ rewriter: inout GraphRewriter, depth: Int = 24
  ) -> Selection? {
    guard let facts = rewriter.facts(value),
      facts.shape.dimensions.allSatisfy({ $0 <= MappedGather.longestTable })
    else { return nil }
    let own = Selection(value: value, maps: facts.shape.dimensions.map { Array(0..<$0) })
    guard depth > 0, rewriter.constant(value) == nil, let node = rewriter.producer(of: value),
      node.result == value, let operands = rewriter.operands(of: node),
      FactTable.hasNeededContents(node, operands)
    else { return own }
    switch node.implementation {
    case let slice as SliceOperator:
      guard let chosen = slice.selection(operands, output: 0), let input = node.input(0),
        var inner = selection(of: input, &rewriter, depth: depth - 1)
      else { return own }
      for (axis, length) in facts.shape.dimensions.enumerated() {
        let (start, step) = (chosen.starts[axis], chosen.axes[axis].step)
        inner.maps[axis] = (0..<length).map { inner.maps[axis][start + $0 * step] }
      }
      inner.copies += 1
      return inner
    case let pad as PadOperator:
      guard let chosen = pad.selection(operands), let input = node.input(0),
        var inner = selection(of: input, &rewriter, depth: depth - 1)
      else { return own }
      for (axis, map) in chosen.enumerated() {
        inner.maps[axis] = map.map { $0 < 0 ? -1 : inner.maps[axis][$0] }
      }
      inner.hasTables = true
      inner.copies += 1
      return inner
    case is ConcatOperator:
      return joined(node, facts, &rewriter, depth: depth) ?? own
    default: return own
    }
  }

  /// Parts of one value, one after another along an axis.
  private func joined(
    _ node: GraphNode, _ facts: TensorFacts, _ rewriter: inout GraphRewriter, depth: Int
  ) -> Selection? {
    guard node.inputs.count <= 8, facts.shape.count > 0 else { return nil }
    var parts: [Selection] = []
    for input in node.inputs {
      guard let input, let part = selection(of: input, &rewriter, depth: depth - 1),
        part.copies > 0, part.value == parts.first?.value ?? part.value
      else { return nil }
      parts.append(part)
    }
    guard var result = parts.first, parts.count > 1,
      // The axis along which the parts' lengths add up and nothing else differs.
      let axis = facts.shape.dimensions.indices.first(where: { axis in
        parts.reduce(0) { $0 + $1.maps[axis].count } == facts.shape[axis]
          && parts.allSatisfy { part in
            part.maps.indices.allSatisfy { $0 == axis || part.maps[$0] == result.maps[$0] }
          }
      })
    else { return nil }
    result.maps[axis] = parts.flatMap { $0.maps[axis] }
    result.copies = parts.reduce(1) { $0 + $1.copies }
    result.hasTables = true
    return result
  }
}
