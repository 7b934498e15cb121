// Room: Networks. Pass: attention from the operators it is exported as.

internal import Tensors

/// Makes one `FusedAttention` of `MatMul`, scales, masks, biases, views of the scores, `Softmax` and
/// `MatMul`, or of the operator `Attention`, and lets it read its operands and write its result where they lie, so that the
/// transpositions around it go as well.
///
/// Only where shapes are known and nobody else uses the scores.
package struct AttentionFusion: GraphPass {
  package let name = "attention-fusion"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard
      graph.contains(SoftmaxOperator.self) && graph.contains(MatMulOperator.self)
        || graph.contains(AttentionOperator.self)
    else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    for index in rewriter.nodes.indices {
      let node = rewriter.nodes[index]
      if let fused = attention(node, &rewriter) ?? written(node, &rewriter) {
        rewriter.replace(at: index, with: fused)
      }
    }
    for index in rewriter.nodes.indices {
      let node = rewriter.nodes[index]
      if let fused = transposed(node, &rewriter) { rewriter.replace(at: index, with: fused) }
    }
    return try rewriter.finished()
  }

  private func attention(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard node.implementation is MatMulOperator, let output = rewriter.facts(node.result),
      output.shape.rank >= 2, output.shape.count > 0,
      [.float32, .float16, .bfloat16].contains(output.elementType),
      var chain = ScoreChain(probabilities: node.input(0), &rewriter),
      let last = node.input(1), let values = StridedSource.trace(last, &rewriter),
      values.walk.shape.count >= 2, chain.scores.shape.rank >= 2, chain.scores.shape.count > 0
    else { return nil }
    let lead = Array(output.shape.dimensions.dropLast(2))
    // The second product must not repeat scores for several values.
    guard let probabilities = rewriter.facts(node.input(0)),
      Array(probabilities.shape.dimensions.dropLast(2)) == lead,
      chain.steps.allSatisfy({ $0.operand.elementType == output.elementType }),
      let query = chain.operand(0, &rewriter), let key = chain.operand(1, &rewriter),
      let q = AttentionOperand(unit: query, size: 1, &rewriter),
      let k = AttentionOperand(unit: key, size: 0, &rewriter),
      let v = AttentionOperand(last, &rewriter),
      q.walk.shape.count >= 2, k.walk.shape.count >= 2,
      // Views may fold the leading dimensions of the scores; then each side's are the whole.
      let firstLead = try? Shape(checking: Array(chain.scores.shape.dimensions.dropLast(2))),
      firstLead.dimensions == lead
        || firstLead.count == lead.reduce(1, *) && q.lead == firstLead.dimensions
          && k.lead == firstLead.dimensions
    else { return nil }
    var walks = [q.walk, k.walk]
    if firstLead.dimensions != lead {
      for (index, walk) in walks.enumerated() {
        guard let target = try? Shape(checking: lead + Array(walk.shape.suffix(2))),
          let folded = walk.reshaped(to: target)
        else { return nil }
        walks[index] = folded
      }
    }
    var inputs: [ValueID?] = [q.value, k.value, v.value]
    var steps: [FusedAttention.Step] = []
    for step in chain.steps {
      steps.append(
        FusedAttention.Step(
          operation: step.operation, input: inputs.count, scores: step.scores))
      inputs.append(step.value)
    }
    let sources = inputs.compactMap { rewriter.facts($0)?.shape }
    guard sources.count == inputs.count else { return nil }
    let operation = FusedAttention(
      query: walks[0], key: walks[1], value: v.walk, result: StridedWalk(dense: output.shape),
      output: output.shape, scale: Float(chain.scale * q.factor * k.factor), steps: steps,
      sources: sources,
      clearsNaN: chain.clearsNaN,
      leastNorms: AttentionProduct.LeastNorms(query: q.leastNorm, key: k.leastNorm))
    return node.replaced(by: "Attention", operation, inputs: inputs)
  }

  /// A transposition of fused attention's result, which attention can write itself.
  private func transposed(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard let transposition = node.implementation as? TransposeOperator, let value = node.input(0),
      rewriter.isUsedOnce(value),
      let (made, attention) = rewriter.producer(of: value, FusedAttention.self),
      attention.result.isDense, attention.result.shape == attention.output.dimensions,
      let operands = rewriter.operands(of: node),
      let selection = transposition.selection(operands, output: 0),
      let output = rewriter.facts(node.result)?.shape, output.count > 0
    else { return nil }
    let rank = output.rank
    // Rows must stay whole.
    guard selection.axes.last?.axis == rank - 1, output[rank - 1] > 1 || rank == 1 else {
      return nil
    }
    var operation = attention
    let dense = output.rowMajorStrides
    for (place, own) in selection.axes.enumerated() {
      operation.result.strides[own.axis] = dense[place]
    }
    operation.output = output
    var result = node.replaced(by: made.opType, operation, inputs: made.inputs)
    result.name = made.name
    return result
  }
}

/// What lies between the two products of attention.
private struct ScoreChain {
  struct Step {
    var operation: BinaryOperation
    var value: ValueID
    var operand: TensorFacts
    var scores: Shape
  }

  private(set) var scale = 1.0
  /// Whether rows in which everything is masked become zeros.
  let clearsNaN: Bool
  /// In the order in which they are done.
  private(set) var steps: [Step] = []
  /// The first product's facts.
  let scores: TensorFacts
  private var product: GraphNode

  /// Follows probabilities back to the product of queries and keys.
  init?(probabilities: ValueID?, _ rewriter: inout GraphRewriter) {
    guard var value = probabilities, let end = rewriter.facts(value) else { return nil }
    let matrix = Array(end.shape.dimensions.suffix(2))
    guard matrix.count == 2, Self.passViews(&value, matrix, &rewriter) else { return nil }
    let guarded = Self.guarded(value, &rewriter)
    value = guarded ?? value
    guard guarded != nil || rewriter.isUsedOnce(value),
      let (softmax, operation) = rewriter.producer(of: value, SoftmaxOperator.self),
      let facts = rewriter.facts(value), let axis = try? operation.axis.resolve(facts.shape),
      axis.inner == 1, axis.count == matrix[1], let start = softmax.input(0)
    else { return nil }
    value = start
    var found: [Step] = []
    var factors: [Double] = []
    for _ in 0..<16 {
      guard Self.passViews(&value, matrix, &rewriter), rewriter.isUsedOnce(value),
        let node = rewriter.producer(of: value), node.result == value,
        let here = rewriter.facts(value)
      else { return nil }
      if node.implementation is MatMulOperator {
        guard Array(here.shape.dimensions.suffix(2)) == matrix else { return nil }
        scores = here
        product = node
        // A factor before a sum belongs to the scale; one after it is a step of its own.
        steps = found.reversed()
        scale = factors.reduce(1, *)
        clearsNaN = guarded != nil
        return
      }
      guard let (operation, main, other) = Self.term(node, here, &rewriter) else { return nil }
      if let number = rewriter.scalar(other, beside: main), operation == .multiply || number != 0,
        operation == .multiply || operation == .divide,
        Self.onlyFactorsBelow(main, &rewriter)
      {
        factors.append(operation == .multiply ? number : 1 / number)
      } else {
        guard let operand = rewriter.facts(other), operand.shape.rank <= here.shape.rank,
          here.shape.rank >= 2, operand.shape.count > 0
        else { return nil }
        found.append(
          Step(operation: operation, value: other, operand: operand, scores: here.shape))
      }
      value = main
    }
    return nil
  }

  /// What `value` is where it is a number, zero being put in the place of NaN.
  private static func guarded(_ value: ValueID, _ rewriter: inout GraphRewriter) -> ValueID? {
    guard rewriter.isUsedOnce(value),
      let (choice, _) = rewriter.producer(of: value, WhereOperator.self),
      let (test, _) = rewriter.producer(of: choice.input(0), IsNaNOperator.self),
      let weights = choice.input(2), test.input(0) == weights, let result = test.result,
      rewriter.scalar(choice.input(1), beside: weights) == 0, rewriter.isUsedOnce(result),
      rewriter.useCount(weights) == 2
    else { return nil }
    return weights
  }

  /// Whether between `value` and the product there are only factors.
  private static func onlyFactorsBelow(
    _ value: ValueID, _ rewriter: inout GraphRewriter
  ) -> Bool {
    var value = value
    for _ in 0..<16 {
      guard let node = rewriter.producer(of: value) else { return false }
      if node.implementation is MatMulOperator { return true }
      if node.implementation.asView != nil, let source = node.input(0) {
        value = source
        continue
      }
      guard let facts = rewriter.facts(value),
        let (operation, main, other) = term(
          node, facts, &rewriter), operation == .multiply || operation == .divide,
        rewriter.scalar(other, beside: main) != nil
      else { return false }
      value = main
    }
    return false
  }

  /// An addition, a product or a quotient of scores and something that broadcasts to them.
  private static func term(
    _ node: GraphNode, _ result: TensorFacts, _ rewriter: inout GraphRewriter
  ) -> (BinaryOperation, main: ValueID, other: ValueID)? {
    guard node.inputs.count == 2, let a = node.input(0), let b = node.input(1), a != b else {
      return nil
    }
    let operation: BinaryOperation
    switch node.implementation {
    case is AddOperator: operation = .add
    case is MulOperator: operation = .multiply
    case is DivOperator: operation = .divide
    case is SubOperator: operation = .subtract
    default: return nil
    }
    let pairs = operation == .add || operation == .multiply ? [(a, b), (b, a)] : [(a, b)]
    for (main, other) in pairs {
      guard rewriter.facts(main)?.shape == result.shape, rewriter.isUsedOnce(main),
        leadsToProduct(main, rewriter)
      else { continue }
      return (operation, main, other)
    }
    return nil
  }

  /// Whether a value may come from a product of matrices: tells scores from masks.
  private static func leadsToProduct(_ value: ValueID, _ rewriter: GraphRewriter) -> Bool {
    var value = value
    for _ in 0..<16 {
      guard let node = rewriter.producer(of: value), let first = node.input(0) else { return false }
      switch node.implementation {
      case is MatMulOperator: return true
      case is any ViewOperator: value = first
      case is AddOperator, is MulOperator, is DivOperator, is SubOperator:
        if leadsToProduct(first, rewriter) { return true }
        guard let second = node.input(1) else { return false }
        value = second
      default: return false
      }
    }
    return false
  }

  /// Steps over views that leave the matrices alone and that nobody else reads.
  private static func passViews(
    _ value: inout ValueID, _ matrix: [Int], _ rewriter: inout GraphRewriter
  ) -> Bool {
    while rewriter.isUsedOnce(value), let node = rewriter.producer(of: value),
      node.implementation.asView != nil, let source = node.input(0)
    {
      guard let facts = rewriter.facts(source),
        Array(facts.shape.dimensions.suffix(2)) == matrix
      else { return false }
      value = source
    }
    return true
  }

  /// An operand of the first product without the numbers it is multiplied by, which go to the scale.
  mutating func operand(_ index: Int, _ rewriter: inout GraphRewriter) -> ValueID? {
    guard var value = product.input(index) else { return nil }
    for _ in 0..<4 {
      guard rewriter.isUsedOnce(value), let node = rewriter.producer(of: value),
        node.inputs.count == 2, let shape = rewriter.facts(value)?.shape
      else { break }
      if node.implementation is MulOperator {
        guard
          let (own, other) = [(0, 1), (1, 0)].first(where: { own, other in
            rewriter.scalar(node.input(other), beside: node.input(own)) != nil
              && rewriter.facts(node.input(own))?.shape == shape
          }), let source = node.input(own),
          let number = rewriter.scalar(node.input(other), beside: source)
        else { break }
        scale *= number
        value = source
      } else if node.implementation is DivOperator, let source = node.input(0),
        let number = rewriter.scalar(node.input(1), beside: source), number != 0,
        rewriter.facts(source)?.shape == shape
      {
        scale /= number
        value = source
      } else {
        break
      }
    }
    return value
  }
}
