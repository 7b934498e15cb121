// Room: Tensors. How a product's right-hand matrix is cut into panels, and a block of rows multiplied.

internal import CVectorKernels

/// Columns of a right-hand matrix in panels as wide as a register tile: one row of biases, then the
/// matrix's rows.
struct PanelLayout: Sendable {
  struct Panel: Sendable {
    var firstColumn: Int, columns: Int, vectors: Int
    /// Where it begins in the packed memory.
    var offset: Int
    /// Floats in one of its rows.
    var width: Int
  }

  let variant: KernelVariant
  let rows: Int
  let panels: [Panel]
  /// Floats of packed memory.
  let count: Int

  /// Sums longer than this are split: a panel's weights stay in the first cache, and chains of
  /// additions short.
  static let depth = Int(SQUALL_PANEL_DEPTH)

  init(rows: Int, columns: Int, variant: KernelVariant = .current) {
    (self.rows, self.variant) = (rows, variant)
    let lanes = variant.lanes
    let vectors = (columns + lanes - 1) / lanes
    let number = (vectors + variant.tileVectors - 1) / variant.tileVectors
    var panels: [Panel] = []
    var (offset, column) = (0, 0)
    for index in 0..<number {
      // Evenly: four vectors are two panels of two, not one of three and one of one.
      let wide = vectors * (index + 1) / number - vectors * index / number
      let columns = min(wide * lanes, columns - column)
      panels.append(
        Panel(
          firstColumn: column, columns: columns, vectors: wide, offset: offset,
          width: wide * lanes))
      offset += wide * lanes * (rows + 1)
      column += columns
    }
    (self.panels, count) = (panels, offset)
  }

  /// `act(X W + bias + residual)` for `count` rows of X and one panel; `residual` may be the output
  /// where the sums are not split.
  func multiply(
    _ panel: Panel, of memory: UnsafePointer<Float>, input: UnsafePointer<Float>, count: Int,
    inputStride: Int, residual: UnsafePointer<Float>? = nil, residualStride: Int = 0,
    output: UnsafeMutablePointer<Float>, outputStride: Int,
    finish: squall_epilogue = squall_epilogue()
  ) {
    let base = memory + panel.offset
    var start = 0
    repeat {
      let length = min(Self.depth, rows - start)
      let isLast = start + length == rows
      var epilogue = isLast ? finish : squall_epilogue()
      epilogue.accumulate = start > 0
      // Weights are read in the order in which they lie, and from the beginning for the next rows.
      let end = panel.offset + (start + length + 1) * panel.width
      let next = end < self.count ? end : 0
      // Where a later part begins, the row of weights before it stands in the bias's place; the
      // kernel starts from the output instead.
      variant.table.pointee.f32_gemm(
        count, panel.vectors, panel.columns, length, input + start, inputStride,
        base + start * panel.width, output + panel.firstColumn, outputStride,
        isLast ? residual.map { $0 + panel.firstColumn } : nil, residualStride, memory + next,
        min(length * panel.width, self.count - next) * MemoryLayout<Float>.stride, &epilogue)
      start += length
    } while start < rows
  }

  /// Into blocks of how many rows to cut `count` rows of `width` floats: few enough for the second
  /// cache, many enough to pay for reading the weights, and blocks enough to share.
  static func rowsPerBlock(_ count: Int, width: Int, most: Int) -> Int {
    let fitting = min(most, max(48, (288 << 10) / max(width, 1)))
    let blocks = max((count + fitting - 1) / fitting, min(16, count / 48), 1)
    return max((count + blocks - 1) / blocks, 1)
  }

  /// The same for all panels.
  func multiply(
    _ memory: UnsafePointer<Float>, input: UnsafePointer<Float>, count: Int, inputStride: Int,
    residual: UnsafePointer<Float>? = nil, residualStride: Int = 0,
    output: UnsafeMutablePointer<Float>, outputStride: Int,
    finish: squall_epilogue = squall_epilogue()
  ) {
    for panel in panels {
      multiply(
        panel, of: memory, input: input, count: count, inputStride: inputStride,
        residual: residual, residualStride: residualStride, output: output,
        outputStride: outputStride, finish: finish)
    }
  }

  /// Packs a matrix in memory, with biases of 0, into `target`.
  func pack(_ matrix: MatrixOperand<Float>, into target: UnsafeMutablePointer<Float>) {
    for panel in panels {
      let first = target + panel.offset
      first.update(repeating: 0, count: panel.width)
      let place = first + panel.width
      let missing = panel.width - panel.columns
      if matrix.transposed {
        let source = matrix.base + panel.firstColumn * matrix.stride
        variant.table.pointee.b32_transpose(
          panel.columns, rows, UnsafeRawPointer(source).assumingMemoryBound(to: UInt32.self),
          matrix.stride, UnsafeMutableRawPointer(place).assumingMemoryBound(to: UInt32.self),
          panel.width)
      } else {
        for row in 0..<rows {
          (place + row * panel.width).update(
            from: matrix.base + row * matrix.stride + panel.firstColumn, count: panel.columns)
        }
      }
      guard missing > 0 else { continue }
      for row in 0..<rows {
        (place + row * panel.width + panel.columns).update(repeating: 0, count: missing)
      }
    }
  }
}
