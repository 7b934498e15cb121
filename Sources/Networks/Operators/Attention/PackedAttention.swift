// Room: Networks. The operator Attention in float32 without caches: tiles of scores that stay in the
// cache.

internal import Tensors

/// `Attention` by the packed products, head by head, with its mask, bounds and soft cap applied to each
/// block of scores.
struct PackedAttention: Sendable {
  private let shapes: AttentionShapes
  private let operation: AttentionOperator
  private let product: AttentionProduct
  /// The mask's lengths with those in front that it leaves out; nil without one.
  private let mask: [Int]?
  private let maskIsBoolean: Bool

  /// Nil for what needs the general way: caches, key lengths, other outputs, other types.
  init?(_ operation: AttentionOperator, _ shapes: AttentionShapes, _ inputs: Operands) {
    let wanted: ElementType = .float32
    guard (0..<3).allSatisfy({ inputs[$0]?.elementType == wanted }),
      (4..<7).allSatisfy({ inputs[$0] == nil }), (1..<4).allSatisfy({ !inputs.wants($0) }),
      operation.precision == nil || operation.precision == wanted,
      shapes.keys > 0, shapes.queries > 0, shapes.keySize > 0, shapes.valueSize > 0
    else { return nil }
    if let given = inputs[3] {
      guard given.elementType == wanted || given.elementType == .bool else { return nil }
      mask = [Int](repeating: 1, count: 4 - given.shape.rank) + given.shape.dimensions
      maskIsBoolean = given.elementType == .bool
    } else {
      (mask, maskIsBoolean) = (nil, false)
    }
    (self.shapes, self.operation) = (shapes, operation)
    product = AttentionProduct(
      keys: shapes.keys, size: shapes.keySize, depth: shapes.valueSize,
      scale: operation.scale ?? Float(1 / Double(shapes.keySize).squareRoot()), clearsNaN: false)
  }

  /// How many keys behind its own place a query sees.
  private var reach: Int? {
    operation.isCausal ? 0 : operation.right >= 0 ? operation.right : nil
  }

  private var adjusts: Bool {
    mask != nil && !addsMask || reach != nil || operation.left >= 0 || operation.softcap > 0
  }

  /// Whether the mask is rows of numbers for all keys, which are added with the last of the scores.
  private var addsMask: Bool { mask?[3] == shapes.keys && !maskIsBoolean }

  var kernel: Kernel {
    Kernel(name: "packed") { [self] arguments in
      let target = try arguments.output().plannedDestination(of: Float.self)
      guard let y = target.baseAddress, !target.isEmpty else { return }
      let items = shapes.batch * shapes.queryHeads
      let (runs, length) = product.runs(items: items, queries: shapes.queries)
      try arguments.withInputs(mask == nil ? [0, 1, 2] : [0, 1, 2, 3]) { bases in
        let nanoseconds = product.nanosecondsPerQuery * Double(length)
        Parallel.items(items * runs, nanoseconds: nanoseconds) { tile in
          let first = tile % runs * length
          guard first < shapes.queries else { return }
          run(tile / runs, first..<min(first + length, shapes.queries), bases, y)
        }
      }
    }
  }

  private func run(
    _ item: Int, _ rows: Range<Int>, _ bases: [UnsafeRawPointer], _ y: UnsafeMutablePointer<Float>
  ) {
    let (batch, head) = (item / shapes.queryHeads, item % shapes.queryHeads)
    let keyHead = head / (shapes.queryHeads / shapes.keyHeads)
    func place(_ heads: Int, _ own: Int, _ count: Int, _ size: Int) -> (offset: Int, stride: Int) {
      shapes.isFolded
        ? (batch * count * heads * size + own * size, heads * size)
        : ((batch * heads + own) * count * size, size)
    }
    func operand(_ index: Int, _ place: (offset: Int, stride: Int)) -> MatrixOperand<Float> {
      MatrixOperand(
        bases[index].assumingMemoryBound(to: Float.self) + place.offset, stride: place.stride,
        transposed: index == 1)
    }
    let result = place(shapes.queryHeads, head, shapes.queries, shapes.valueSize)
    var terms: [AttentionProduct.Term] = []
    if let mask, addsMask {
      let row = maskRow(mask, batch, head, 0)
      terms = [
        AttentionProduct.Term(
          bases[3].assumingMemoryBound(to: Float.self) + row * mask[3],
          rowStride: mask[2] == 1 ? 0 : mask[3])
      ]
    }
    var adjust: ((AttentionProduct.Block) -> Void)?
    if adjusts {
      adjust = { block in
        if operation.softcap > 0 { bend(block.scores, block.rows * block.columns) }
        for row in 0..<block.rows {
          restrict(block.row(row), block.columns, batch, head, block.first + row, bases)
        }
      }
    }
    product.run(
      rows, query: operand(0, place(shapes.queryHeads, head, shapes.queries, shapes.keySize)),
      key: operand(1, place(shapes.keyHeads, keyHead, shapes.keys, shapes.keySize)),
      value: operand(2, place(shapes.keyHeads, keyHead, shapes.keys, shapes.valueSize)),
      terms: terms, adjust: adjust, reach: reach,
      isBlind: { isBlind(batch, head, $0, bases) }, output: y + result.offset,
      outputStride: result.stride)
  }

  /// The number of the mask's row for a query.
  private func maskRow(_ mask: [Int], _ batch: Int, _ head: Int, _ position: Int) -> Int {
    var index = 0
    for (axis, own) in [batch, head, position].enumerated() {
      index = index * mask[axis] + (mask[axis] == 1 ? 0 : own)
    }
    return index
  }

  /// Whether the mask and the bounds hide all keys from a query: it gives zeros, not the 0 / 0 that the
  /// product makes of it.
  private func isBlind(_ batch: Int, _ head: Int, _ position: Int, _ bases: [UnsafeRawPointer])
    -> Bool
  {
    var line = [Float](repeating: 0, count: shapes.keys)
    return line.withUnsafeMutableBufferPointer { line in
      guard let base = line.baseAddress else { return true }
      restrict(base, shapes.keys, batch, head, position, bases, all: true)
      return line.allSatisfy { $0 == -.infinity }
    }
  }

  /// Scores bent so that none is larger than the cap.
  private func bend(_ scores: UnsafeMutablePointer<Float>, _ count: Int) {
    VectorMath.apply(.affine, 1 / operation.softcap, 0, scores, scores, count: count)
    VectorMath.apply(.tanh, 1, 0, scores, scores, count: count)
    VectorMath.apply(.affine, operation.softcap, 0, scores, scores, count: count)
  }

  /// Adds the mask to one query's scores of the first keys, unless the product does, and -∞ to those
  /// of keys out of bounds.
  private func restrict(
    _ line: UnsafeMutablePointer<Float>, _ columns: Int, _ batch: Int, _ head: Int,
    _ position: Int, _ bases: [UnsafeRawPointer], all: Bool = false
  ) {
    var none = -Float.infinity
    if let mask, all || !addsMask {
      let index = maskRow(mask, batch, head, position)
      let last = min(mask[3], columns)
      if maskIsBoolean {
        let row = bases[3].assumingMemoryBound(to: Bool.self) + index * mask[3]
        VectorMath.select(row, line, aStep: 1, &none, bStep: 0, line, count: last)
      } else {
        let row = bases[3].assumingMemoryBound(to: Float.self) + index * mask[3]
        VectorMath.combine(.add, line, row, line, count: last)
      }
      (line + last).update(repeating: none, count: columns - last)
    }
    if let reach {
      let (first, overflow) = (position + 1).addingReportingOverflow(reach)
      if !overflow, first < columns {
        (line + first).update(repeating: none, count: columns - first)
      }
    }
    if operation.left >= 0, position > operation.left {
      line.update(repeating: none, count: min(position - operation.left, columns))
    }
  }
}
