// Room: Tensors. Byte weights in the order in which the integer product reads them.

internal import CVectorKernels

/// Rows of signed byte weights in panels: `height` starting sums, then for each quad of the sum
/// `height` words of four weights.
final class QuantizedPanels: Sendable {
  /// One panel: its first row, how many rows count, how many are stored, where it begins.
  struct Panel: Sendable {
    var firstRow: Int, rows: Int, height: Int, offset: Int
  }

  let panels: [Panel]
  private let memory: AlignedArray<Int32>
  private let groupStride: Int

  /// Packs `rows` rows of `quads` words a group.
  init(
    groups: Int, rows: Int, quads: Int, panelRows: Int, start: (_ row: Int) -> Int32,
    word: (_ row: Int, _ quad: Int) -> Int32
  ) {
    var panels: [Panel] = []
    var (offset, row) = (0, 0)
    while row < rows {
      let left = min(rows - row, panelRows)
      let height = left > 4 ? panelRows : left > 2 ? 4 : left
      panels.append(Panel(firstRow: row, rows: left, height: height, offset: offset))
      offset += height * (quads + 1)
      row += left
    }
    self.panels = panels
    groupStride = offset
    let size = offset
    memory = AlignedArray(count: size * groups) { base in
      for group in 0..<groups {
        for panel in panels {
          let target = base + group * size + panel.offset
          for m in 0..<panel.rows {
            let row = group * rows + panel.firstRow + m
            target[m] = start(row)
            for quad in 0..<quads { target[(quad + 1) * panel.height + m] = word(row, quad) }
          }
        }
      }
    }
  }

  func pointer(group: Int, _ panel: Panel) -> UnsafePointer<Int32> {
    UnsafePointer(memory.base + group * groupStride + panel.offset)
  }

  /// Four signed bytes as a word, the first lowest.
  static func word(_ byte: (Int) -> Int8) -> Int32 {
    var bits: UInt32 = 0
    for lane in 0..<4 { bits |= UInt32(UInt8(bitPattern: byte(lane))) << (8 * UInt32(lane)) }
    return Int32(bitPattern: bits)
  }
}

extension KernelVariant {
  /// Rows of a full panel of the integer product.
  var integerRows: Int { Int(table.pointee.integer_mr) }
}
