// Room: Networks. What is done to the scores of fused attention, for each of its heads.

internal import Tensors

extension FusedAttention {
  /// The leading dimensions: one matrix of scores for each of their items.
  var batch: Shape {
    get throws { try Shape(checking: Array(result.shape.dropLast(2))) }
  }

  var queries: Int { result.shape[result.shape.count - 2] }
}

/// The two products of attention and the steps between them.
struct AttentionScores: Sendable {
  private struct Term: Sendable {
    var operation: BinaryOperation
    var offsets: [Int]
    var rowStride: Int
    var columnStride: Int
  }

  let product: AttentionProduct
  /// The numbers of the inputs that the steps read, in their order.
  let operands: [Int]
  private let terms: [Term]
  /// How many of the terms, from the first, are factors of all of a head's scores.
  private let factors: Int
  /// How many of them, from the first, are no rows that are added.
  private let adjustments: Int

  init(_ attention: FusedAttention) throws {
    let keyShape = attention.key.shape
    product = AttentionProduct(
      keys: keyShape[keyShape.count - 1], size: keyShape[keyShape.count - 2],
      depth: attention.result.shape[attention.result.shape.count - 1], scale: attention.scale,
      clearsNaN: attention.clearsNaN, leastNorms: attention.leastNorms)
    operands = attention.steps.map(\.input)
    terms = try attention.steps.map { step in
      let own = attention.sources[step.input]
      let padded = [Int](repeating: 1, count: step.scores.rank - own.rank) + own.dimensions
      let strides = [Int](repeating: 0, count: step.scores.rank - own.rank) + own.rowMajorStrides
      let lead = try Shape(checking: Array(step.scores.dimensions.dropLast(2)))
      let last = step.scores.rank - 1
      return Term(
        operation: step.operation,
        offsets: try MatrixPlace.offsets(
          Array(padded.dropLast(2)), Array(strides.dropLast(2)), 0, lead),
        rowStride: padded[last - 1] == 1 ? 0 : strides[last - 1],
        columnStride: padded[last] == 1 ? 0 : 1)
    }
    factors =
      terms.prefix { term in
        term.operation == .multiply && term.rowStride == 0 && term.columnStride == 0
      }.count
    let others = terms.lastIndex { term in
      term.operation != .add || term.columnStride == 0
    }
    adjustments = max(factors, others.map { $0 + 1 } ?? 0)
  }

  /// Attention of one item's queries `rows`; `bases` are those of `operands`.
  func run(
    _ item: Int, _ rows: Range<Int>, query: MatrixOperand<Float>, key: MatrixOperand<Float>,
    value: MatrixOperand<Float>, _ bases: [UnsafePointer<Float>],
    output: UnsafeMutablePointer<Float>, stride: Int
  ) {
    guard !rows.isEmpty else { return }
    var factor: Float = 1
    for index in 0..<factors { factor *= bases[index][terms[index].offsets[item]] }
    var added: [AttentionProduct.Term] = []
    for index in adjustments..<terms.count {
      added.append(
        AttentionProduct.Term(
          bases[index] + terms[index].offsets[item], rowStride: terms[index].rowStride))
    }
    var adjust: ((AttentionProduct.Block) -> Void)?
    if adjustments > factors {
      adjust = { block in
        for index in factors..<adjustments {
          let term = terms[index]
          apply(term, bases[index] + term.offsets[item] + block.first * term.rowStride, block)
        }
      }
    }
    product.run(
      rows, query: query, key: key, value: value, factor: factor, terms: added, adjust: adjust,
      output: output, outputStride: stride)
  }

  private func apply(
    _ term: Term, _ other: UnsafePointer<Float>, _ block: AttentionProduct.Block
  ) {
    if term.columnStride == 1, term.rowStride == block.columns {
      VectorMath.combine(
        term.operation, block.scores, other, block.scores, count: block.rows * block.columns)
      return
    }
    for row in 0..<block.rows {
      VectorMath.combine(
        term.operation, block.row(row), other + row * term.rowStride, bStep: term.columnStride,
        block.row(row), count: block.columns)
    }
  }
}

/// A matrix inside a dense tensor, one for each of the leading dimensions' items.
struct MatrixPlace: Sendable {
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
