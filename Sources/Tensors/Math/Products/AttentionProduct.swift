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
  /// The scores are multiplied by `factor`, too. `adjust` changes a block's scores, given its first
  /// row and how many there are, before the terms are added.
  package func run(
    _ queries: Range<Int>, query: MatrixOperand<Float>, key: MatrixOperand<Float>,
    value: MatrixOperand<Float>, factor: Float = 1, terms: [Term],
    adjust: ((UnsafeMutablePointer<Float>, Int, Int) -> Void)?,
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
          variant.table.pointee.b32_transpose(
            size, count,
            UnsafeRawPointer(query.base + first).assumingMemoryBound(to: UInt32.self),
            query.stride, UnsafeMutableRawPointer(lines).assumingMemoryBound(to: UInt32.self), size)
          (q, stride) = (UnsafePointer(lines), size)
        }
        if let least = leastNorms.query {
          variant.table.pointee.f32_unit_rows(count, size, q, stride, least, lines, size)
          (q, stride) = (UnsafePointer(lines), size)
        }
        keyLayout.multiply(
          keyPanels, input: q, count: count, inputStride: stride, output: scores,
          outputStride: keys)
        weigh(scores, inverses, scale * factor, first, count, terms, adjust)
        let target = output + first * outputStride
        valueLayout.multiply(
          valuePanels, input: scores, count: count, inputStride: keys, output: target,
          outputStride: outputStride)
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
      variant.table.pointee.b32_transpose(
        size, keys, UnsafeRawPointer(key.base).assumingMemoryBound(to: UInt32.self), key.stride,
        UnsafeMutableRawPointer(lines).assumingMemoryBound(to: UInt32.self), size)
      (base, stride) = (UnsafePointer(lines), size)
    }
    variant.table.pointee.f32_unit_rows(keys, size, base, stride, least, lines, size)
    keyLayout.pack(
      MatrixOperand(UnsafePointer(lines), stride: size, transposed: true), into: panels)
  }

  /// Makes weights of scores, and the inverses of their sums.
  private func weigh(
    _ scores: UnsafeMutablePointer<Float>, _ inverses: UnsafeMutablePointer<Float>,
    _ factor: Float, _ first: Int, _ count: Int, _ terms: [Term],
    _ adjust: ((UnsafeMutablePointer<Float>, Int, Int) -> Void)?
  ) {
    var scale = factor
    if let adjust {
      if scale != 1 {
        variant.table.pointee.f32_unary[Int(SQUALL_AFFINE.rawValue)](
          count * keys, scores, scores, scale, 0)
      }
      scale = 1
      adjust(scores, first, count)
    }
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: terms.count + 1) {
      bases in
      withUnsafeTemporaryAllocation(of: Int.self, capacity: terms.count + 1) { steps in
        for (index, term) in terms.enumerated() {
          bases.initializeElement(at: index, to: term.base + first * term.rowStride)
          steps.initializeElement(at: index, to: term.rowStride)
        }
        variant.table.pointee.f32_attention_weights(
          count, keys, scores, scale, terms.count, bases.baseAddress, steps.baseAddress, inverses)
      }
    }
    guard clearsNaN else { return }
    for row in 0..<count where inverses[row].isNaN {
      inverses[row] = 1
      (scores + row * keys).update(repeating: 0, count: keys)
    }
  }
}
