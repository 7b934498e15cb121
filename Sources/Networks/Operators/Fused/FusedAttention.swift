// Room: Networks. Scaled dot-product attention whose scores never exist as a whole.

package import Tensors

/// `softmax(scale · Q Kᵀ, then masks and biases) V`, block of rows by block of rows: what a pass
/// makes of the decomposed operators.
///
/// **Shapes**: Q is seen as `[…, queries, size]`, Kᵀ as `[…, size, keys]`, V as `[…, keys, depth]`;
/// the leading dimensions broadcast as in `MatMul`. Each is a strided walk over a dense input, and
/// so is the result over the output, which saves the transpositions around attention. Every
/// remaining input is an operand of a step. **Edge cases**: as Softmax: a row of -∞ gives NaN.
package struct FusedAttention: FusedOperator {
  /// What is done to the scores between the two products.
  package struct Step: Sendable {
    package var operation: BinaryOperation
    /// The number of the other operand among the inputs.
    package var input: Int
    /// The shape that the scores have at this step; its last two dimensions are queries and keys.
    package var scores: Shape

    package init(operation: BinaryOperation, input: Int, scores: Shape) {
      self.operation = operation
      self.input = input
      self.scores = scores
    }
  }

  package var query: StridedWalk
  package var key: StridedWalk
  package var value: StridedWalk
  /// Where the result's elements lie in the output.
  package var result: StridedWalk
  package var output: Shape
  package var scale: Float
  package var steps: [Step]
  /// The dense inputs' shapes, for which the walks are right.
  package var sources: [Shape]
  /// Whether weights that are NaN, as those of a wholly masked row, count as zeros.
  package var clearsNaN: Bool
  /// Whether queries and keys are divided by their norms, as cosine attention does.
  package var leastNorms: AttentionProduct.LeastNorms

  package init(
    query: StridedWalk, key: StridedWalk, value: StridedWalk, result: StridedWalk, output: Shape,
    scale: Float, steps: [Step], sources: [Shape], clearsNaN: Bool = false,
    leastNorms: AttentionProduct.LeastNorms = AttentionProduct.LeastNorms()
  ) {
    (self.query, self.key, self.value, self.result) = (query, key, value, result)
    (self.output, self.scale, self.steps, self.sources) = (output, scale, steps, sources)
    (self.clearsNaN, self.leastNorms) = (clearsNaN, leastNorms)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requirePlanned(sources)
    let type = try inputs.requireSameType(Array(0..<inputs.count))
    return [TensorFacts(type, output)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    guard try inputs.required(0).elementType == .float32 else {
      throw OperatorFault.unsupported("element type \(try inputs.required(0).elementType.rawValue)")
    }
    let plan = try PlacedAttention(self)
    return Kernel(name: "blocks of queries") { arguments in try plan.run(arguments) }
  }
}

/// Attention's scores, and where its operands lie.
private struct PlacedAttention: Sendable {
  private let query: MatrixPlace
  private let key: MatrixPlace
  private let value: MatrixPlace
  private let result: MatrixPlace
  private let scores: AttentionScores
  private let items: Int
  private let queries: Int

  init(_ attention: FusedAttention) throws {
    let batch = try attention.batch
    items = batch.count
    queries = attention.queries
    scores = try AttentionScores(attention)
    query = try MatrixPlace(attention.query, batch: batch)
    key = try MatrixPlace(attention.key, batch: batch)
    value = try MatrixPlace(attention.value, batch: batch)
    result = try MatrixPlace(attention.result, batch: batch)
    guard !result.isTransposed else {
      throw OperatorFault.unsupported("a transposed result")
    }
  }

  func run(_ arguments: KernelArguments) throws {
    let target = try arguments.output().plannedDestination(of: Float.self)
    guard let y = target.baseAddress, !target.isEmpty else { return }
    let product = scores.product
    let (runs, length) = product.runs(items: items, queries: queries)
    try arguments.withFloats([0, 1, 2] + scores.operands) { bases in
      let operands = Array(bases[3...])
      Parallel.items(items * runs, nanoseconds: product.nanosecondsPerQuery * Double(length)) {
        let (item, first) = ($0 / runs, $0 % runs * length)
        guard first < queries else { return }
        scores.run(
          item, first..<min(first + length, queries), query: query.operand(bases[0], item),
          key: key.operand(bases[1], item), value: value.operand(bases[2], item), operands,
          output: y + result.offsets[item], stride: result.stride)
      }
    }
  }
}
