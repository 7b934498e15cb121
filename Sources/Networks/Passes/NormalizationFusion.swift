// Room: Networks. Pass: layer and root-mean-square normalisation from the arithmetic they are
// exported as.

internal import Tensors

/// Recognises `(x - mean) / √(variance + ε)` and `x / √(mean square + ε)` over the last dimensions,
/// in the spellings that exporters use, and the scale and the shift that follow.
///
/// Only where shapes are known: then it is certain that scale and shift fit the normalised
/// dimensions. The fused operators sum in double precision, as nothing that is decomposed does.
package struct NormalizationFusion: GraphPass {
  package let name = "normalization-fusion"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.contains(ReduceMeanOperator.self) || graph.contains(LayerNormalizationOperator.self)
    else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    for index in rewriter.nodes.indices {
      let node = rewriter.nodes[index]
      guard node.result != nil else { continue }
      if let fused = core(node, &rewriter) ?? scaled(node, &rewriter) ?? shifted(node, &rewriter) {
        rewriter.replace(at: index, with: fused)
      }
    }
    return try rewriter.finished()
  }

  // MARK: The normalisation itself

  private func core(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard let (centered, root) = quotient(node, &rewriter),
      let (square, epsilon) = meanSquare(under: root, &rewriter),
      square.source == centered, let facts = rewriter.facts(centered),
      facts.elementType.isFloatingPoint, let result = rewriter.facts(node.result),
      result.shape == facts.shape, result.elementType == facts.elementType
    else { return nil }
    if square.trailing == 0 { return channels(node, centered, epsilon, &rewriter) }
    let axis = AttributeValue.int(-square.trailing)
    let attributes = ["axis": axis, "epsilon": .float(Float(epsilon))]
    func one(_ rewriter: inout GraphRewriter) -> ValueID? {
      guard let tensor = try? ElementConversion.convert(Tensor(Float(1)), to: facts.elementType)
      else { return nil }
      return rewriter.addConstant(tensor, "\(node.name)/one")
    }
    if let (difference, _) = rewriter.producer(of: centered, SubOperator.self),
      let x = difference.input(0), let mean = rewriter.producer(of: difference.input(1)),
      let average = trailingMean(mean, &rewriter), average.source == x,
      average.trailing == square.trailing, rewriter.facts(x)?.shape == facts.shape
    {
      let description = NodeDescription(
        opType: "LayerNormalization", opset: 17, attributes: attributes)
      guard let operation = try? LayerNormalizationOperator(description),
        let scale = one(&rewriter)
      else { return nil }
      return node.replaced(by: "LayerNormalization", operation, inputs: [x, scale])
    }
    let description = NodeDescription(
      opType: "RMSNormalization", opset: 23, attributes: attributes)
    guard let operation = try? RMSNormalizationOperator(description), let scale = one(&rewriter)
    else { return nil }
    return node.replaced(by: "RMSNormalization", operation, inputs: [centered, scale])
  }

  /// `d / √v`, `d · (1 / √v)` or `d · v^-1/2`: d, and what is under the root.
  private func quotient(
    _ node: GraphNode, _ rewriter: inout GraphRewriter
  ) -> (ValueID, under: ValueID)? {
    if node.implementation is DivOperator, let value = node.input(0),
      let (root, _) = rewriter.producer(of: node.input(1), SqrtOperator.self),
      let under = root.input(0)
    {
      return (value, under)
    }
    guard node.implementation is MulOperator else { return nil }
    for (own, other) in [(0, 1), (1, 0)] {
      guard let value = node.input(own), let factor = rewriter.producer(of: node.input(other))
      else { continue }
      if factor.implementation is ReciprocalOperator,
        let (root, _) = rewriter.producer(of: factor.input(0), SqrtOperator.self),
        let under = root.input(0)
      {
        return (value, under)
      }
      if factor.implementation is DivOperator,
        rewriter.scalar(factor.input(0), beside: factor.input(1)) == 1,
        let (root, _) = rewriter.producer(of: factor.input(1), SqrtOperator.self),
        let under = root.input(0)
      {
        return (value, under)
      }
      if factor.implementation is PowOperator,
        rewriter.scalar(factor.input(1), beside: factor.input(0)) == -0.5,
        let under = factor.input(0)
      {
        return (value, under)
      }
    }
    return nil
  }

  private struct Mean {
    var source: ValueID
    /// Over how many of the last dimensions; 0 for channels, the second of several.
    var trailing: Int
  }

  /// `mean(d²) + ε`: the mean of d's squares, and ε.
  private func meanSquare(
    under value: ValueID, _ rewriter: inout GraphRewriter
  ) -> (Mean, epsilon: Double)? {
    guard let (sum, _) = rewriter.producer(of: value, AddOperator.self) else { return nil }
    for (own, other) in [(0, 1), (1, 0)] {
      guard let epsilon = rewriter.scalar(sum.input(other), beside: sum.input(own)), epsilon >= 0,
        let mean = rewriter.producer(of: sum.input(own)),
        var average = trailingMean(mean, &rewriter),
        let square = rewriter.producer(of: average.source), let source = square.input(0)
      else { continue }
      let isSquare =
        square.implementation is MulOperator && square.input(1) == source
        || square.implementation is PowOperator
          && rewriter.scalar(square.input(1), beside: source) == 2
      guard isSquare else { continue }
      average.source = source
      return (average, epsilon)
    }
    return nil
  }

  /// A normalisation over channels, which the rows that lie in planes are.
  private func channels(
    _ node: GraphNode, _ centered: ValueID, _ epsilon: Double, _ rewriter: inout GraphRewriter
  ) -> GraphNode? {
    var (source, centers) = (centered, false)
    if let (difference, _) = rewriter.producer(of: centered, SubOperator.self),
      let x = difference.input(0), let mean = rewriter.producer(of: difference.input(1)),
      let average = trailingMean(mean, &rewriter), average.source == x, average.trailing == 0
    {
      (source, centers) = (x, true)
    }
    guard let facts = rewriter.facts(source), facts.elementType == .float32,
      facts.shape == rewriter.facts(centered)?.shape, facts.shape.count > 0
    else { return nil }
    let (width, length) = (facts.shape[1], facts.shape.dimensions[2...].reduce(1, *))
    let operation = FusedRows(
      steps: [.normalize(centers: centers, epsilon: epsilon, scale: nil, shift: nil)], list: nil,
      width: width, count: facts.shape.count / width, sources: [facts.shape], output: facts.shape,
      planes: RowPipeline.Planes(length: length, source: true, result: true))
    return node.replaced(by: "LayerNormalization", operation, inputs: [source])
  }

  /// A mean over the last dimensions, or over channels, that keeps their number.
  private func trailingMean(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> Mean? {
    guard let operation = node.implementation as? ReduceMeanOperator, let source = node.input(0),
      let operands = rewriter.operands(of: node),
      let (reduced, result) = try? operation.axes.resolve(operands),
      let rank = operands[0]?.shape.rank, result.count == rank, !reduced.isEmpty
    else { return nil }
    if reduced == [1], rank >= 3 { return Mean(source: source, trailing: 0) }
    guard reduced == Set(rank - reduced.count..<rank) else { return nil }
    return Mean(source: source, trailing: reduced.count)
  }

  // MARK: Scale and shift

  /// A normalisation that has only a neutral scale, times a scale.
  private func scaled(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard node.implementation is MulOperator else { return nil }
    for (own, other) in [(0, 1), (1, 0)] {
      guard let normal = bare(node.input(own), &rewriter), normal.inputs.count == 2,
        rewriter.scalar(normal.input(1), beside: nil) == 1,
        fits(node.input(other), normal, &rewriter)
      else { continue }
      return node.replaced(
        by: normal.opType, normal.implementation, inputs: [normal.input(0), node.input(other)])
    }
    return nil
  }

  /// A layer normalisation without a shift, plus a shift.
  private func shifted(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard node.implementation is AddOperator else { return nil }
    for (own, other) in [(0, 1), (1, 0)] {
      guard let normal = bare(node.input(own), &rewriter), normal.inputs.count == 2,
        normal.implementation is LayerNormalizationOperator,
        fits(node.input(other), normal, &rewriter)
      else { continue }
      return node.replaced(
        by: normal.opType, normal.implementation, inputs: normal.inputs + [node.input(other)])
    }
    return nil
  }

  /// The normalisation that makes `value` for its only user and gives nothing else.
  private func bare(_ value: ValueID?, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard let value, rewriter.isUsedOnce(value), let node = rewriter.producer(of: value),
      node.result == value,
      node.implementation is LayerNormalizationOperator
        || node.implementation is RMSNormalizationOperator
    else { return nil }
    return node
  }

  /// Whether a constant broadcasts to the normalised dimensions and has their type.
  private func fits(
    _ value: ValueID?, _ normal: GraphNode, _ rewriter: inout GraphRewriter
  ) -> Bool {
    guard let constant = rewriter.constant(value), let input = rewriter.facts(normal.input(0)),
      constant.elementType == input.elementType
    else { return false }
    let trailing: Int?
    switch normal.implementation {
    case let operation as LayerNormalizationOperator:
      trailing = operation.trailing(of: input.shape.rank)
    case let operation as RMSNormalizationOperator:
      trailing = operation.trailing(of: input.shape.rank)
    default: trailing = nil
    }
    guard let trailing,
      let row = try? Shape(checking: Array(input.shape.dimensions.suffix(trailing)))
    else { return false }
    return (try? row.broadcast(with: constant.shape)) == row
  }
}
