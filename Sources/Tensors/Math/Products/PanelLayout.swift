// Room: Tensors. How a product's right-hand matrix is cut into panels.

internal import CVectorKernels

/// Columns of a right-hand matrix in panels as wide as a register tile: one row of biases, then the
/// matrix's rows.
struct PanelLayout: Sendable {
  /// How the weights are kept; biases are always floats.
  enum Format: Sendable {
    case float32
    /// Widened a piece at a time, which changes no value.
    case float16, bfloat16
    /// Words of two rows' numbers, rounded to bfloat16, for `KernelVariant.halfProducts`.
    case pairs

    /// Bytes of a number, or of a pair.
    var byteWidth: Int { self == .float16 || self == .bfloat16 ? 2 : 4 }
  }

  struct Panel: Sendable {
    var firstColumn: Int, columns: Int, vectors: Int
    /// Where its biases begin in the packed memory, and its weights, in bytes.
    var offset: Int, weights: Int
    /// Numbers in one of its rows.
    var width: Int
  }

  let variant: KernelVariant
  let format: Format
  let rows: Int
  /// What a panel has one after the other: rows, or pairs of rows.
  let steps: Int
  let panels: [Panel]
  /// Numbers in a row of the widest panel, which need not be the first.
  let widest: Int
  /// Packed memory in bytes.
  let byteCount: Int

  /// Sums longer than this are split: a panel's weights stay in the first cache, and chains of
  /// additions short.
  static let depth = Int(SQUALL_PANEL_DEPTH)

  init(
    rows: Int, columns: Int, format: Format = .float32, variant: KernelVariant = .current
  ) {
    (self.rows, self.format, self.variant) = (rows, format, variant)
    steps = format == .pairs ? (rows + 1) / 2 : rows
    let lanes = variant.lanes
    let vectors = (columns + lanes - 1) / lanes
    let number = (vectors + variant.tileVectors - 1) / variant.tileVectors
    var panels: [Panel] = []
    var (offset, column) = (0, 0)
    for index in 0..<number {
      // Evenly: four vectors are two panels of two, not one of three and one of one.
      let wide = vectors * (index + 1) / number - vectors * index / number
      let columns = min(wide * lanes, columns - column)
      let biases = wide * lanes * MemoryLayout<Float>.stride
      panels.append(
        Panel(
          firstColumn: column, columns: columns, vectors: wide, offset: offset,
          weights: offset + biases, width: wide * lanes))
      offset += biases + wide * lanes * steps * format.byteWidth
      column += columns
    }
    (self.panels, byteCount) = (panels, offset)
    widest = panels.map(\.width).max() ?? 0
  }

  /// Packed memory in floats.
  var floatCount: Int { (byteCount + 3) / MemoryLayout<Float>.stride }

  /// Into blocks of how many rows to cut `count` rows of `width` floats: many enough to pay for
  /// reading and widening the weights, and as many blocks for each thread as for the others.
  ///
  /// Results do not depend on it: a row has the same bits in all blocks but those of one row, of
  /// which there is none, unless it is the only row.
  static func rowsPerBlock(
    _ count: Int, width: Int, threads: Int = ThreadPool.current.threadCount
  ) -> Int {
    let fitting = min(192, max(48, (768 << 10) / max(width, 1)))
    let least = (count + fitting - 1) / fitting
    let shared = (least + threads - 1) / threads * threads
    let blocks = max(least, min(shared, count / leastRows), 1)
    var block = max((count + blocks - 1) / blocks, 1)
    while count > 1, block == 1 || count % block == 1 { block += 1 }
    return block
  }

  private static let leastRows = 24
}
