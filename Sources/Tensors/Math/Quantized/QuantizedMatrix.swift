// Room: Tensors. Products of byte matrices in 32-bit integers.

internal import CVectorKernels

/// The right-hand side of products of byte matrices, packed.
///
/// Sums are exact, and wrap around past 32 bits.
package final class QuantizedMatrix: Sendable {
  package let rows: Int, columns: Int
  private let variant: KernelVariant
  private let words: AlignedArray<UInt32>
  private let offsets: AlignedArray<Int>
  /// Sums of each column's elements, 128 added to signed ones.
  private let columnSums: [Int32]
  private let isSigned: Bool
  private let panelWidth: Int

  /// Rows of the left-hand side that a tile works on.
  private static let tileRows = 64

  /// Packs the bytes of a `rows` by `columns` matrix whose neighbours lie `strides` apart.
  package init(
    _ bytes: UnsafePointer<UInt8>, rows: Int, columns: Int, strides: (Int, Int), isSigned: Bool
  ) {
    (self.rows, self.columns, self.isSigned) = (rows, columns, isSigned)
    let variant = KernelVariant.current
    self.variant = variant
    let width = variant.lanes * variant.tileVectors
    panelWidth = width
    let quads = (rows + 3) / 4
    let panels = (columns + width - 1) / width
    let flip: UInt8 = isSigned ? 0x80 : 0
    var sums = [Int32](repeating: 0, count: columns)
    words = AlignedArray(count: panels * width * quads + 64) { base in
      let target = UnsafeMutableRawPointer(base).assumingMemoryBound(to: UInt8.self)
      for row in 0..<rows {
        for column in 0..<columns {
          let byte = bytes[row * strides.0 + column * strides.1] ^ flip
          let word = (column / width * quads + row / 4) * width + column % width
          target[word * 4 + row % 4] = byte
          sums[column] &+= Int32(byte)
        }
      }
    }
    columnSums = sums
    offsets = AlignedArray(count: quads) { base in
      for quad in 0..<quads { base[quad] = quad * width }
    }
  }

  /// The left-hand side of a product: dense rows of bytes.
  package struct Left {
    package var bytes: UnsafePointer<UInt8>
    package var rows: Int
    package var isSigned: Bool
    /// One zero point, or one for each row.
    package var zeros: [Int32]

    package init(bytes: UnsafePointer<UInt8>, rows: Int, isSigned: Bool, zeros: [Int32]) {
      (self.bytes, self.rows, self.isSigned, self.zeros) = (bytes, rows, isSigned, zeros)
    }
  }

  /// Calls `finish` with runs of sums: their row, their first column, how many, where they lie, and
  /// what is to be added to each. `zeros` are the columns' zero points: one, or one for each.
  package func run(
    _ left: Left, zeros: [Int32], bias: [Int32]?,
    _ finish: (
      _ row: Int, _ column: Int, _ count: Int, _ sums: UnsafePointer<Int32>,
      _ added: UnsafePointer<Int32>
    ) -> Void
  ) {
    guard left.rows > 0, columns > 0 else { return }
    let width = panelWidth
    let quads = (rows + 3) / 4
    let panels = (columns + width - 1) / width
    let all = Int32(truncatingIfNeeded: rows)
    let own = zeros.map { $0 &+ (isSigned ? 128 : 0) }
    let others = left.zeros.map { $0 &- (left.isSigned ? 0 : 128) }
    let isUniform = own.allSatisfy { $0 == own[0] }
    let shared = others.count == 1 ? others[0] : 0
    var added = [Int32](repeating: 0, count: columns)
    for column in 0..<columns {
      let zero = own[own.count == 1 ? 0 : column]
      added[column] =
        (bias?[column] ?? 0) &- shared &* columnSums[column] &+ all &* shared &* zero
    }
    let job = Job(
      left: left, added: added, others: others, own: own, isUniform: isUniform, quads: quads)
    let rowTiles = (left.rows + Self.tileRows - 1) / Self.tileRows
    let split = min(panels, max(1, 16 / rowTiles))
    let perTile = (panels + split - 1) / split
    let panelTiles = (panels + perTile - 1) / perTile
    let work = Double(left.rows) * Double(columns) * Double(quads)
    ThreadPool.current.forEachTile(
      rowTiles * panelTiles, nanoseconds: variant.nanoseconds(multiplyAdds: work)
    ) { index in
      let (rowTile, panelTile) = (index / panelTiles, index % panelTiles)
      let first = rowTile * Self.tileRows
      runTile(
        job, first..<min(first + Self.tileRows, left.rows),
        panelTile * perTile..<min((panelTile + 1) * perTile, panels), finish)
    }
  }

  private struct Job {
    var left: Left
    var added: [Int32], others: [Int32], own: [Int32]
    var isUniform: Bool
    var quads: Int
  }

  private func runTile(
    _ job: Job, _ tileRows: Range<Int>, _ panels: Range<Int>,
    _ finish: (Int, Int, Int, UnsafePointer<Int32>, UnsafePointer<Int32>) -> Void
  ) {
    let (height, quads, width) = (variant.integerRows, job.quads, panelWidth)
    let blocks = (tileRows.count + height - 1) / height
    let size = height * (quads + 1)
    Scratch.with(Int32.self, count: size * blocks + height * width + tileRows.count) { memory in
      let sums = memory + size * blocks
      let kernel = variant.table.pointee.s32_igemm
      let corrects = !job.isUniform || job.others.count > 1
      let rowSums = sums + height * width
      for block in 0..<blocks {
        let first = tileRows.lowerBound + block * height
        pack(
          job, first..<min(first + height, tileRows.upperBound), memory + block * size,
          rowSums + block * height)
      }
      job.added.withUnsafeBufferPointer { added in
        guard let added = added.baseAddress else { return }
        for panel in panels {
          let column = panel * width
          let count = min(width, columns - column)
          for block in 0..<blocks {
            let first = tileRows.lowerBound + block * height
            let live = min(height, tileRows.upperBound - first)
            kernel(
              live, height, count, quads, memory + block * size,
              words.base + panel * quads * width, offsets.base, sums, width)
            for row in 0..<live {
              let line = sums + row * width
              if corrects {
                correct(job, first + row, rowSums[block * height + row], column, count, line)
              }
              finish(first + row, column, count, UnsafePointer(line), added + column)
            }
          }
        }
      }
    }
  }

  /// Puts rows of the left-hand side, as signed bytes, into a panel of full height.
  private func pack(
    _ job: Job, _ rows: Range<Int>, _ panel: UnsafeMutablePointer<Int32>,
    _ rowSums: UnsafeMutablePointer<Int32>
  ) {
    let height = variant.integerRows
    let flip: UInt8 = job.left.isSigned ? 0 : 0x80
    for slot in 0..<height {
      panel[slot] = 0
      guard slot < rows.count else {
        for quad in 0..<job.quads { panel[(quad + 1) * height + slot] = 0 }
        continue
      }
      let source = job.left.bytes + (rows.lowerBound + slot) * self.rows
      let (whole, wordFlip) = (self.rows / 4, UInt32(flip) &* 0x0101_0101)
      var sum: Int32 = 0
      let target = panel + height + slot
      for quad in 0..<whole {
        let word =
          UnsafeRawPointer(source).loadUnaligned(fromByteOffset: quad * 4, as: UInt32.self)
          .littleEndian ^ wordFlip
        target[quad &* height] = Int32(bitPattern: word)
      }
      let length = self.rows
      for index in 0..<length { sum &+= Int32(Int8(bitPattern: source[index] ^ flip)) }
      if whole < job.quads {
        let rest = self.rows - whole * 4
        panel[(whole + 1) * height + slot] = QuantizedWord.pack {
          $0 < rest ? Int8(bitPattern: source[whole * 4 + $0] ^ flip) : 0
        }
      }
      rowSums[slot] = sum
      // One zero point for all columns: its share is the same along the row.
      if job.isUniform { panel[slot] = 0 &- job.own[0] &* sum }
    }
  }

  /// What zero points by column, or by row, take from a row's sums.
  private func correct(
    _ job: Job, _ row: Int, _ sum: Int32, _ column: Int, _ count: Int,
    _ line: UnsafeMutablePointer<Int32>
  ) {
    if !job.isUniform {
      for index in 0..<count { line[index] = line[index] &- job.own[column + index] &* sum }
    }
    if job.others.count > 1 {
      let (zero, all) = (job.others[row], Int32(truncatingIfNeeded: rows))
      for index in 0..<count {
        let own = job.own[job.own.count == 1 ? 0 : column + index]
        line[index] = line[index] &+ zero &* (all &* own &- columnSums[column + index])
      }
    }
  }
}
