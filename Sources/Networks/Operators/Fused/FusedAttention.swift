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

  package init(
    query: StridedWalk, key: StridedWalk, value: StridedWalk, result: StridedWalk, output: Shape,
    scale: Float, steps: [Step], sources: [Shape], clearsNaN: Bool = false
  ) {
    (self.query, self.key, self.value, self.result) = (query, key, value, result)
    (self.output, self.scale, self.steps, self.sources) = (output, scale, steps, sources)
    self.clearsNaN = clearsNaN
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(sources.count...sources.count)
    let type = try inputs.requireSameType(Array(0..<inputs.count))
    for (index, shape) in sources.enumerated() {
      let given = try inputs.required(index).shape
      guard given == shape else {
        throw OperatorFault.invalid(
          "input \(index) was planned for the shape \(shape), not \(given)")
      }
    }
    return [TensorFacts(type, output)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    guard try inputs.required(0).elementType == .float32 else {
      throw OperatorFault.unsupported("element type \(try inputs.required(0).elementType.rawValue)")
    }
    let plan = try AttentionPlan(self)
    return Kernel(name: "blocks of queries") { arguments in try plan.run(arguments) }
  }
}

/// A matrix inside a dense tensor, one for each of the leading dimensions' items.
private struct MatrixPlace: Sendable {
  var offsets: [Int]
  var stride: Int
  var isTransposed: Bool

  /// The last two dimensions of `walk`, repeated to the leading dimensions `batch`.
  init(_ walk: StridedWalk, batch: Shape) throws {
    let rank = walk.shape.count
    let (row, column) = (walk.strides[rank - 2], walk.strides[rank - 1])
    let (rows, columns) = (walk.shape[rank - 2], walk.shape[rank - 1])
    if column == 1 || columns == 1 {
      (stride, isTransposed) = (rows == 1 ? max(columns, 1) : row, false)
    } else if row == 1 || rows == 1 {
      (stride, isTransposed) = (columns == 1 ? max(rows, 1) : column, true)
    } else {
      throw OperatorFault.unsupported("a matrix with a step along both dimensions")
    }
    guard stride >= (isTransposed ? rows : columns) else {
      throw OperatorFault.unsupported("a matrix whose rows overlap")
    }
    offsets = try Self.offsets(
      Array(walk.shape.dropLast(2)), Array(walk.strides.dropLast(2)), walk.offset, batch)
  }

  static func offsets(
    _ lengths: [Int], _ strides: [Int], _ start: Int, _ batch: Shape
  ) throws -> [Int] {
    guard batch.count <= 1 << 22, lengths.count <= batch.rank else {
      throw OperatorFault.unsupported("more than \(1 << 22) matrices at once")
    }
    let missing = batch.rank - lengths.count
    let repeated = (0..<batch.rank).map { axis in
      axis < missing || lengths[axis - missing] == 1 ? 0 : strides[axis - missing]
    }
    return (0..<batch.count).map { item in
      var (rest, offset) = (item, start)
      for axis in (0..<batch.rank).reversed() {
        offset += rest % batch[axis] * repeated[axis]
        rest /= batch[axis]
      }
      return offset
    }
  }

  func operand(_ base: UnsafePointer<Float>, _ item: Int) -> MatrixOperand<Float> {
    MatrixOperand(base + offsets[item], stride: stride, transposed: isTransposed)
  }
}

private struct AttentionPlan: Sendable {
  private struct Term: Sendable {
    var operation: BinaryOperation
    var input: Int
    var offsets: [Int]
    var rowStride: Int
    var columnStride: Int
  }

  private let query: MatrixPlace
  private let key: MatrixPlace
  private let value: MatrixPlace
  private let result: MatrixPlace
  private let terms: [Term]
  /// How many of the terms, from the first, are done one by one; the others are rows to be added.
  private let adjustments: Int
  private let product: AttentionProduct
  private let items: Int
  private let queries: Int
  private let keys: Int

  init(_ attention: FusedAttention) throws {
    let rank = attention.result.shape.count
    let batch = try Shape(checking: Array(attention.result.shape.dropLast(2)))
    items = batch.count
    queries = attention.result.shape[rank - 2]
    keys = attention.key.shape[attention.key.shape.count - 1]
    product = AttentionProduct(
      keys: keys, size: attention.key.shape[attention.key.shape.count - 2],
      depth: attention.result.shape[rank - 1], scale: attention.scale,
      clearsNaN: attention.clearsNaN)
    query = try MatrixPlace(attention.query, batch: batch)
    key = try MatrixPlace(attention.key, batch: batch)
    value = try MatrixPlace(attention.value, batch: batch)
    result = try MatrixPlace(attention.result, batch: batch)
    guard !result.isTransposed else {
      throw OperatorFault.unsupported("a transposed result")
    }
    terms = try attention.steps.map { step in
      let own = attention.sources[step.input]
      let padded = [Int](repeating: 1, count: step.scores.rank - own.rank) + own.dimensions
      let strides = [Int](repeating: 0, count: step.scores.rank - own.rank) + own.rowMajorStrides
      let lead = try Shape(checking: Array(step.scores.dimensions.dropLast(2)))
      let last = step.scores.rank - 1
      return Term(
        operation: step.operation, input: step.input,
        offsets: try MatrixPlace.offsets(
          Array(padded.dropLast(2)), Array(strides.dropLast(2)), 0, lead),
        rowStride: padded[last - 1] == 1 ? 0 : strides[last - 1],
        columnStride: padded[last] == 1 ? 0 : 1)
    }
    let others = terms.lastIndex { term in
      term.operation != .add || term.columnStride == 0
    }
    adjustments = others.map { $0 + 1 } ?? 0
  }

  func run(_ arguments: KernelArguments) throws {
    let target = try arguments.output().plannedDestination(of: Float.self)
    guard let y = target.baseAddress, !target.isEmpty else { return }
    let (runs, length) = product.runs(items: items, queries: queries)
    try arguments.withFloats([0, 1, 2] + terms.map(\.input)) { bases in
      Parallel.items(items * runs, nanoseconds: product.nanosecondsPerQuery * Double(length)) {
        let first = $0 % runs * length
        run(
          $0 / runs, first..<min(first + length, queries), bases[0], bases[1], bases[2],
          Array(bases[3...]), y)
      }
    }
  }

  private func run(
    _ item: Int, _ rows: Range<Int>, _ q: UnsafePointer<Float>, _ k: UnsafePointer<Float>,
    _ v: UnsafePointer<Float>, _ operands: [UnsafePointer<Float>], _ y: UnsafeMutablePointer<Float>
  ) {
    guard !rows.isEmpty else { return }
    var added: [AttentionProduct.Term] = []
    for index in adjustments..<terms.count {
      added.append(
        AttentionProduct.Term(
          operands[index] + terms[index].offsets[item], rowStride: terms[index].rowStride))
    }
    var adjust: ((UnsafeMutablePointer<Float>, Int, Int) -> Void)?
    if adjustments > 0 {
      adjust = { scores, first, count in
        for (term, base) in zip(terms.prefix(adjustments), operands) {
          apply(term, base + term.offsets[item] + first * term.rowStride, scores, count)
        }
      }
    }
    product.run(
      rows, query: query.operand(q, item), key: key.operand(k, item), value: value.operand(v, item),
      terms: added, adjust: adjust, output: y + result.offsets[item], outputStride: result.stride)
  }

  private func apply(
    _ term: Term, _ other: UnsafePointer<Float>, _ scores: UnsafeMutablePointer<Float>, _ rows: Int
  ) {
    if term.columnStride == 1, term.rowStride == keys {
      VectorMath.combine(term.operation, scores, other, scores, count: rows * keys)
      return
    }
    for row in 0..<rows {
      VectorMath.combine(
        term.operation, scores + row * keys, other + row * term.rowStride,
        bStep: term.columnStride, scores + row * keys, count: keys)
    }
  }
}
