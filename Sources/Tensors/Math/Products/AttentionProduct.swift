// Room: Tensors. Attention over matrices in memory; its scores never leave the cache.

internal import CVectorKernels

/// `softmax(scale · Q Kᵀ + terms) V` for one set of queries, keys and values at a time.
///
/// **Shapes**: Q `[queries, size]`, Kᵀ `[size, keys]`, V `[keys, depth]`, each with a stride and
/// either way round. Queries and keys may be divided by their norms first, as cosine attention does.
/// **Edge cases**: a row of scores with a NaN, or all -∞, becomes NaN.
package struct AttentionProduct: Sendable {
  private let keys: Int, size: Int, depth: Int
  private let scale: Float
  private let clearsNaN: Bool
  private let leastNorms: LeastNorms
  private let keyLayout: PanelLayout
  private let valueLayout: PanelLayout
  private let variant = KernelVariant.current

  /// Rows of scores that are computed at once: they stay in the second cache.
  package let rowsPerBlock: Int

  /// What is added to the scores: a row for each query, or the same for all.
  package struct Term {
    package var base: UnsafePointer<Float>
    package var rowStride: Int

    package init(_ base: UnsafePointer<Float>, rowStride: Int) {
      (self.base, self.rowStride) = (base, rowStride)
    }
  }

  /// Scores of some queries, row by row without gaps.
  package struct Block {
    package var scores: UnsafeMutablePointer<Float>
    /// The first query, and how many there are.
    package var first: Int, rows: Int
    /// How many keys there are, from the first.
    package var columns: Int

    package func row(_ index: Int) -> UnsafeMutablePointer<Float> { scores + index * columns }
  }

  /// By what queries and keys are divided: their norms, or these numbers where norms are smaller;
  /// nil where they are taken as they are.
  package struct LeastNorms: Sendable, Hashable {
    package var query: Float?
    package var key: Float?

    package init(query: Float? = nil, key: Float? = nil) {
      (self.query, self.key) = (query, key)
    }
  }

  /// With `clearsNaN`, weights that are NaN count as zeros.
  package init(
    keys: Int, size: Int, depth: Int, scale: Float, clearsNaN: Bool,
    leastNorms: LeastNorms = LeastNorms()
  ) {
    (self.keys, self.size, self.depth) = (keys, size, depth)
    (self.scale, self.clearsNaN, self.leastNorms) = (scale, clearsNaN, leastNorms)
    keyLayout = PanelLayout(rows: size, columns: keys, variant: variant)
    valueLayout = PanelLayout(rows: keys, columns: depth, variant: variant)
    rowsPerBlock = max(24, (48 << 10) / max(keys, 1) / 8 * 8)
  }

  /// About how long a query takes.
  package var nanosecondsPerQuery: Double {
    variant.nanoseconds(multiplyAdds: Double(keys) * Double(size + depth)) + Double(keys)
  }

  /// Into how many runs of which length to share `queries` queries of each of `items` heads: keys and
  /// values are packed once a run, so few runs, unless there is little else to share.
  package func runs(items: Int, queries: Int) -> (count: Int, length: Int) {
    let wanted = max(1, (16 + items - 1) / max(items, 1))
    let count = min(wanted, max(1, queries / (2 * rowsPerBlock)))
    return (count, (queries + count - 1) / count)
  }

  /// Computes rows `queries` of the result; `query` and `terms` begin at row 0, `output` too.
  ///
  /// The scores are multiplied by `factor`, too. `adjust` changes a block's scores before the terms
  /// are added. With a `reach`, a query sees keys up to its own place and so many more: `adjust` must
  /// hide the others, few of which are computed. Weights that are NaN count as zeros in the rows of
  /// which `isBlind` says so.
  package func run(
    _ queries: Range<Int>, query: MatrixOperand<Float>, key: MatrixOperand<Float>,
    value: MatrixOperand<Float>, factor: Float = 1, terms: [Term],
    adjust: ((Block) -> Void)?, reach: Int? = nil, isBlind: ((Int) -> Bool)? = nil,
    output: UnsafeMutablePointer<Float>, outputStride: Int
  ) {
    guard keys > 0, size > 0, depth > 0, !queries.isEmpty else { return }
    let most = min(rowsPerBlock, queries.count)
    let copiesQueries = query.transposed || leastNorms.query != nil
    let copied = max(copiesQueries ? most * size : 0, leastNorms.key == nil ? 0 : keys * size)
    let total = keyLayout.floatCount + valueLayout.floatCount + most * (keys + 1) + copied
    Scratch.with(Float.self, count: total) { memory in
      let keyPanels = memory
      let valuePanels = keyPanels + keyLayout.floatCount
      let scores = valuePanels + valueLayout.floatCount
      let inverses = scores + most * keys
      let lines = inverses + most
      packKeys(key, lines, into: keyPanels)
      valueLayout.pack(value, into: valuePanels)
      var first = queries.lowerBound
      while first < queries.upperBound {
        let count = min(most, queries.upperBound - first)
        var (q, stride) = (query.base + first * query.stride, query.stride)
        if query.transposed {
          variant.transpose(
            rows: size, columns: count, query.base + first, stride: query.stride, to: lines,
            stride: size)
          (q, stride) = (UnsafePointer(lines), size)
        }
        if let least = leastNorms.query {
          variant.table.pointee.f32_unit_rows(count, size, q, stride, least, lines, size)
          (q, stride) = (UnsafePointer(lines), size)
        }
        let seen = panelsSeen(first + count, reach)
        let last = keyLayout.panels[seen - 1]
        let block = Block(
          scores: scores, first: first, rows: count, columns: last.firstColumn + last.columns)
        keyLayout.multiply(
          panels: 0..<seen, of: keyPanels, input: q, count: count, inputStride: stride,
          output: scores, outputStride: block.columns)
        weigh(block, inverses, scale * factor, terms, adjust, isBlind)
        let target = output + first * outputStride
        valueLayout.multiply(
          valuePanels, rows: block.columns, input: scores, count: count,
          inputStride: block.columns, output: target, outputStride: outputStride)
        for row in 0..<count {
          let line = target + row * outputStride
          variant.table.pointee.f32_unary[Int(SQUALL_AFFINE.rawValue)](
            depth, line, line, inverses[row], 0)
        }
        first += count
      }
    }
  }

  /// Packs the keys, divided by their norms where that is asked for, by way of `lines`.
  private func packKeys(
    _ key: MatrixOperand<Float>, _ lines: UnsafeMutablePointer<Float>,
    into panels: UnsafeMutablePointer<Float>
  ) {
    guard let least = leastNorms.key else { return keyLayout.pack(key, into: panels) }
    var (base, stride) = (key.base, key.stride)
    if !key.transposed {
      variant.transpose(
        rows: size, columns: keys, key.base, stride: key.stride, to: lines, stride: size)
      (base, stride) = (UnsafePointer(lines), size)
    }
    variant.table.pointee.f32_unit_rows(keys, size, base, stride, least, lines, size)
    keyLayout.pack(
      MatrixOperand(UnsafePointer(lines), stride: size, transposed: true), into: panels)
  }

  /// How many panels of keys the queries before `end` see.
  private func panelsSeen(_ end: Int, _ reach: Int?) -> Int {
    guard let reach else { return keyLayout.panels.count }
    let (wanted, overflow) = end.addingReportingOverflow(reach)
    let hidden = overflow ? nil : keyLayout.panels.firstIndex { $0.firstColumn >= wanted }
    return max(hidden ?? keyLayout.panels.count, 1)
  }

  /// Makes weights of scores, and the inverses of their sums.
  private func weigh(
    _ block: Block, _ inverses: UnsafeMutablePointer<Float>, _ factor: Float, _ terms: [Term],
    _ adjust: ((Block) -> Void)?, _ isBlind: ((Int) -> Bool)?
  ) {
    var scale = factor
    if let adjust {
      if scale != 1 {
        variant.table.pointee.f32_unary[Int(SQUALL_AFFINE.rawValue)](
          block.rows * block.columns, block.scores, block.scores, scale, 0)
      }
      scale = 1
      adjust(block)
    }
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: terms.count + 1) {
      bases in
      withUnsafeTemporaryAllocation(of: Int.self, capacity: terms.count + 1) { steps in
        for (index, term) in terms.enumerated() {
          bases.initializeElement(at: index, to: term.base + block.first * term.rowStride)
          steps.initializeElement(at: index, to: term.rowStride)
        }
        variant.table.pointee.f32_attention_weights(
          block.rows, block.columns, block.scores, scale, terms.count, bases.baseAddress,
          steps.baseAddress, inverses)
      }
    }
    guard clearsNaN || isBlind != nil else { return }
    for row in 0..<block.rows
    where inverses[row].isNaN && (clearsNaN || isBlind?(block.first + row) == true) {
      inverses[row] = 1
      block.row(row).update(repeating: 0, count: block.columns)
    }
  }
}
