// Room: Networks. Pass: attention inside windows takes in the products before and behind it.

internal import Tensors

/// Makes one `FusedWindows` of attention whose windows share no rows, of the products that make its
/// queries, keys and values, and of what is done to the rows of its result: none of these is stored.
///
/// Only where shapes are known and nobody else uses what lies between.
package struct WindowFusion: GraphPass {
  package let name = "window-fusion"

  package init() {}

  package var isFinal: Bool { true }

  /// With fewer windows there is little to share.
  private static let fewestWindows = 8
  /// Floats that a window's queries, keys, values and results may take together.
  private static let largestWindow = 1 << 20

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.contains(FusedAttention.self) else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    var known = KnownWindows()
    for index in rewriter.nodes.indices {
      let node = rewriter.nodes[index]
      guard !(node.implementation is FusedAttention),
        let tail = RowFusion().lifted(node, &rewriter), tail.operation.planes == nil,
        let attention = producer(node.input(0), &rewriter),
        let fused = fused(attention, tail, node, &rewriter, &known)
      else { continue }
      rewriter.replace(at: index, with: fused)
    }
    for index in rewriter.nodes.indices {
      let node = rewriter.nodes[index]
      guard node.implementation is FusedAttention, let result = node.result,
        rewriter.useCount(result) > 0 || graph.outputs.contains(result),
        let fused = fused(node, nil, node, &rewriter, &known)
      else { continue }
      rewriter.replace(at: index, with: fused)
    }
    return try rewriter.finished()
  }

  /// The attention whose result, perhaps under another shape, `value` is, for nobody else.
  private func producer(_ value: ValueID?, _ rewriter: inout GraphRewriter) -> GraphNode? {
    var value = value
    while let own = value, rewriter.isUsedOnce(own), let node = rewriter.producer(of: own) {
      if node.implementation is FusedAttention { return node }
      guard let operands = rewriter.operands(of: node),
        FactTable.hasNeededContents(node, operands),
        node.implementation.viewedInput(operands) == 0
      else { return nil }
      value = node.input(0)
    }
    return nil
  }

  private struct Front {
    var rows: RowFusion.Rows
    var value: ValueID
  }

  /// The product that makes one of attention's operands for attention alone.
  private func front(
    _ value: ValueID?, of attention: GraphNode, _ rewriter: inout GraphRewriter
  ) -> Front? {
    guard let value, !rewriter.graph.outputs.contains(value),
      rewriter.useCount(value) == attention.inputs.count(where: { $0 == value }),
      let node = rewriter.producer(of: value), let rows = RowFusion().lifted(node, &rewriter),
      rows.operation.planes == nil,
      // The rows are numbered anew.
      rows.operation.steps.allSatisfy({ step in
        if case .combine(_, _, .rows, _) = step { false } else { true }
      })
    else { return nil }
    return Front(rows: rows, value: value)
  }

  private func fused(
    _ node: GraphNode, _ tail: RowFusion.Rows?, _ last: GraphNode,
    _ rewriter: inout GraphRewriter, _ known: inout KnownWindows
  ) -> GraphNode? {
    guard let attention = node.implementation as? FusedAttention,
      let width = tail?.operation.width ?? attention.output.dimensions.last, width > 0,
      attention.output.count > 0, attention.output.count.isMultiple(of: width)
    else { return nil }
    var fronts: [Front] = []
    var makers: [Int] = []
    for index in 0..<3 {
      if let made = fronts.firstIndex(where: { $0.value == node.input(index) }) {
        makers.append(made)
      } else {
        guard let made = front(node.input(index), of: node, &rewriter) else { return nil }
        makers.append(fronts.count)
        fronts.append(made)
      }
    }
    // Nothing but the operands of attention may be what is fused.
    let operands = Set(node.inputs.dropFirst(3).compactMap { $0 })
    guard fronts.allSatisfy({ !operands.contains($0.value) }) else { return nil }
    let rows = makers.map { maker in
      let own = fronts[maker].rows.operation
      return WindowRows.Rows(
        width: own.output.count / max(own.count, 1), count: own.count, list: own.list,
        sourceCount: own.sources[0].count / max(own.width, 1))
    }
    let outputRows = tail?.operation.count ?? attention.output.count / width
    guard
      let windows = known.windows(
        attention, rows, width: width, tail: tail?.operation.list, outputRows: outputRows),
      windows.count >= Self.fewestWindows,
      (rows.reduce(width) { $0 + $1.width }) * windows.length <= Self.largestWindow
    else { return nil }
    return made(node, attention, fronts, makers, tail, windows, width, last)
  }

  private func made(
    _ node: GraphNode, _ attention: FusedAttention, _ fronts: [Front], _ makers: [Int],
    _ tail: RowFusion.Rows?, _ windows: WindowRows, _ width: Int, _ last: GraphNode
  ) -> GraphNode {
    var inputs: [ValueID?] = []
    var sources: [Shape] = []
    /// Appends the inputs of steps whose own first input is number 0; gives their new distance.
    func append(_ rows: RowFusion.Rows, from first: Int) -> Int {
      let shift = inputs.count - first
      inputs += rows.inputs.dropFirst(first)
      sources += rows.operation.sources.dropFirst(first)
      return shift
    }
    let made = fronts.map { front in
      let source = inputs.count
      let shift = append(front.rows, from: 0)
      let own = front.rows.operation
      return FusedWindows.Front(
        source: source, steps: own.steps.map { $0.shifted(by: shift) }, width: own.width,
        resultWidth: own.output.count / own.count)
    }
    var scores = attention
    let shift = inputs.count - 3
    for index in scores.steps.indices { scores.steps[index].input += shift }
    inputs += node.inputs.dropFirst(3)
    sources += attention.sources.dropFirst(3)
    var steps: [FusedRows.Step] = []
    if let tail {
      let shift = append(tail, from: 1)
      steps = tail.operation.steps.map { $0.shifted(by: shift) }
    }
    scores.sources = sources
    let operation = FusedWindows(
      fronts: made, makers: makers, attention: scores, tail: steps, windows: windows,
      width: width, sources: sources, output: tail?.operation.output ?? attention.output)
    var result = last.replaced(by: "Attention", operation, inputs: inputs)
    result.name = node.name
    result.description = nil
    return result
  }
}

/// Windows that several layers have, each list made once.
private struct KnownWindows {
  private struct Key: Hashable {
    var walks: [StridedWalk]
    var numbers: [Int]
    var lists: [ObjectIdentifier?]
  }

  private var known: [Key: WindowRows?] = [:]
  /// They live as long as their identifiers are used.
  private var lists: [RowList] = []

  mutating func windows(
    _ attention: FusedAttention, _ rows: [WindowRows.Rows], width: Int, tail: RowList?,
    outputRows: Int
  ) -> WindowRows? {
    let used = rows.map(\.list) + [tail]
    let key = Key(
      walks: [attention.query, attention.key, attention.value, attention.result],
      numbers: rows.flatMap { [$0.width, $0.count, $0.sourceCount] }
        + [width, outputRows, attention.output.count],
      lists: used.map { $0.map { ObjectIdentifier($0) } })
    if let made = known[key] { return made }
    let made = WindowRows(attention, rows, width: width, tail: tail, outputRows: outputRows)
    known[key] = made
    lists += used.compactMap { $0 }
    return made
  }
}
