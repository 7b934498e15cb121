// Room: Networks. The operator Attention as fused attention.

internal import Tensors

extension AttentionFusion {
  /// Fused attention for `Attention` that only scales, adds a constant mask and weighs, which then
  /// reads and writes through what moves elements before and behind it, and can go by windows.
  ///
  /// Its other forms (caches, bounds, soft caps, grouped heads, masks that are computed) stay as they
  /// are.
  func written(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard let operation = node.implementation as? AttentionOperator, operation.onlyWeighs,
      let operands = rewriter.operands(of: node),
      (0..<3).allSatisfy({ operands[$0]?.elementType == .float32 }),
      (4..<7).allSatisfy({ node.input($0) == nil }),
      node.outputs.dropFirst().allSatisfy({ $0 == nil }),
      let shapes = try? AttentionShapes(operation, operands),
      shapes.queryHeads == shapes.keyHeads,
      [shapes.queries, shapes.keys, shapes.keySize, shapes.valueSize].allSatisfy({ $0 > 0 }),
      let query = node.input(0), let key = node.input(1), let value = node.input(2),
      let q = operand(query, shapes, shapes.queries, shapes.keySize, &rewriter),
      var k = operand(key, shapes, shapes.keys, shapes.keySize, &rewriter),
      let v = operand(value, shapes, shapes.keys, shapes.valueSize, &rewriter),
      let scores = try? Shape(checking: [
        shapes.batch, shapes.queryHeads, shapes.queries, shapes.keys,
      ]), let output = try? Shape(checking: shapes.output), output.count > 0
    else { return nil }
    k.walk.shape.swapAt(2, 3)
    k.walk.strides.swapAt(2, 3)
    var inputs: [ValueID?] = [q.value, k.value, v.value]
    var steps: [FusedAttention.Step] = []
    if let given = node.input(3) {
      guard let mask = mask(given, shapes, &rewriter) else { return nil }
      steps = [FusedAttention.Step(operation: .add, input: inputs.count, scores: scores)]
      inputs.append(mask)
    }
    let sources = inputs.compactMap { rewriter.facts($0)?.shape }
    guard sources.count == inputs.count,
      let result = headwise(
        StridedWalk(dense: output), shapes, shapes.queries, shapes.valueSize)
    else { return nil }
    let scale = operation.scale.map(Double.init) ?? 1 / Double(shapes.keySize).squareRoot()
    let fused = FusedAttention(
      query: q.walk, key: k.walk, value: v.walk, result: result, output: output,
      scale: Float(scale * q.factor * k.factor), steps: steps, sources: sources,
      leastNorms: AttentionProduct.LeastNorms(query: q.leastNorm, key: k.leastNorm))
    return node.replaced(by: "Attention", fused, inputs: inputs)
  }

  /// An operand as `[batch, heads, count, size]`.
  private func operand(
    _ value: ValueID, _ shapes: AttentionShapes, _ count: Int, _ size: Int,
    _ rewriter: inout GraphRewriter
  ) -> AttentionOperand? {
    let own =
      shapes.isFolded
      ? AttentionOperand(value, &rewriter)
      : AttentionOperand(unit: value, size: 1, &rewriter)
    guard var own, let walk = headwise(own.walk, shapes, count, size) else { return nil }
    own.walk = walk
    return own
  }

  /// A walk with a dimension for the heads, which may be folded into the last one.
  private func headwise(
    _ walk: StridedWalk, _ shapes: AttentionShapes, _ count: Int, _ size: Int
  ) -> StridedWalk? {
    guard shapes.isFolded else { return walk }
    guard
      let target = try? Shape(checking: [shapes.batch, count, shapes.queryHeads, size]),
      var own = walk.reshaped(to: target)
    else { return nil }
    own.shape.swapAt(1, 2)
    own.strides.swapAt(1, 2)
    return own
  }

  /// A constant mask as what is added to the scores; nil where it leaves a query nothing to see, of
  /// which the operator makes zeros, or where it does not reach over all keys.
  private func mask(
    _ value: ValueID, _ shapes: AttentionShapes, _ rewriter: inout GraphRewriter
  ) -> ValueID? {
    guard let mask = rewriter.constant(value), mask.shape.rank >= 2,
      let columns = mask.shape.dimensions.last, columns == shapes.keys,
      mask.shape.count > 0, mask.elementType == .bool || mask.elementType == .float32,
      let numbers = try? ElementConversion.convert(mask, to: .float32).elements(as: Float.self)
    else { return nil }
    let isBoolean = mask.elementType == .bool
    let added = isBoolean ? numbers.map { $0 != 0 ? 0 : -.infinity } : numbers
    let isBlind = stride(from: 0, to: added.count, by: columns).contains { start in
      added[start..<start + columns].allSatisfy { $0 == -.infinity }
    }
    guard !isBlind else { return nil }
    guard isBoolean else { return value }
    return rewriter.addConstant(Tensor(added, shape: mask.shape), "attention mask")
  }
}

extension AttentionOperator {
  /// Whether there are no bounds, no soft cap and no other precision.
  fileprivate var onlyWeighs: Bool {
    !isCausal && left < 0 && right < 0 && softcap == 0
      && (precision == nil || precision == .float32)
  }
}
