// Room: Networks. Pass: scattered elements whose index is the same along a row are scattered rows.

internal import Tensors

/// Makes one `FusedRowScatter` of a `ScatterElements` whose indices were expanded along rows, which is
/// how exporters write the sum of messages by node.
///
/// Only where shapes are known, updates reach along whole rows, and the element type needs no
/// widening. Indices that folding has expanded already are recognised by their contents.
package struct ScatterFusion: GraphPass {
  package let name = "scatter-fusion"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.contains(ScatterElementsOperator.self) else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    for index in rewriter.nodes.indices {
      let node = rewriter.nodes[index]
      guard let scatter = node.implementation as? ScatterElementsOperator,
        let data = rewriter.facts(node.input(0)), let indices = node.input(1),
        let expanded = rewriter.facts(indices)?.shape,
        let updates = rewriter.facts(node.input(2))?.shape,
        [.float32, .float64, .int64, .int32].contains(data.elementType),
        let axis = try? Checked.axis(scatter.axis, rank: data.shape.rank),
        axis < data.shape.rank - 1, updates == expanded, expanded.count > 0,
        (0..<data.shape.rank).allSatisfy({ $0 == axis || expanded[$0] == data.shape[$0] }),
        let (source, strides) = rows(indices, expanded, axis: axis, &rewriter)
      else { continue }
      let operation = FusedRowScatter(
        scatter.reduction, axis: axis, indexStrides: Array(strides[...axis]), updates: updates)
      rewriter.replace(
        at: index,
        with: node.replaced(
          by: node.opType, operation, inputs: [node.input(0), source, node.input(2)]))
    }
    return try rewriter.finished()
  }

  /// What `indices` repeats along all dimensions behind `axis`, and how it is walked.
  private func rows(
    _ indices: ValueID, _ shape: Shape, axis: Int, _ rewriter: inout GraphRewriter
  ) -> (ValueID, [Int])? {
    if let constant = rewriter.constant(indices) {
      guard let rows = Self.firstColumns(constant, axis: axis) else { return nil }
      let strides = rows.shape.rowMajorStrides
      return (rewriter.addConstant(rows, "rows"), strides)
    }
    guard let (node, _) = rewriter.producer(of: indices, ExpandOperator.self),
      let source = node.input(0), let own = rewriter.facts(source)?.shape,
      own.rank <= shape.rank
    else { return nil }
    let padding = shape.rank - own.rank
    let dense = own.rowMajorStrides
    let strides = (0..<shape.rank).map { place in
      place < padding || own[place - padding] == 1 ? 0 : dense[place - padding]
    }
    return strides[(axis + 1)...].allSatisfy { $0 == 0 } ? (source, strides) : nil
  }

  /// One index of each row, where they are all alike.
  private static func firstColumns(_ indices: Tensor, axis: Int) -> Tensor? {
    let row = indices.shape.dimensions[(axis + 1)...].reduce(1, *)
    guard row > 1, let values = try? indices.integerElements(input: 1),
      let shape = try? Shape(checking: Array(indices.shape.dimensions[...axis]))
    else { return nil }
    var firsts: [Int64] = []
    firsts.reserveCapacity(values.count / row)
    for start in stride(from: 0, to: values.count, by: row) {
      guard values[start..<start + row].allSatisfy({ $0 == values[start] }) else { return nil }
      firsts.append(Int64(values[start]))
    }
    return Tensor(firsts, shape: shape)
  }
}
