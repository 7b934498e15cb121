// Room: Tensors. Weights in the order in which the indirect products read them.

/// How the rows of a weight matrix are cut into panels.
struct PanelCut: Sendable {
  struct Panel: Sendable {
    /// The panel's first row, and how many rows count; `height` of them are stored.
    var firstRow: Int, rows: Int, height: Int
    /// Where it begins within its group's words.
    var offset: Int
  }

  let panels: [Panel]
  /// The words of one matrix.
  let size: Int

  /// `rows` rows of a starting value and `depth` weights.
  init(rows: Int, depth: Int, panelRows: Int) {
    var panels: [Panel] = []
    var (offset, row) = (0, 0)
    while row < rows {
      let left = min(rows - row, panelRows)
      let height = left > 4 ? panelRows : left > 2 ? 4 : left
      panels.append(Panel(firstRow: row, rows: left, height: height, offset: offset))
      offset += height * (depth + 1)
      row += left
    }
    (self.panels, size) = (panels, offset)
  }
}

/// The rows of weight matrices, one matrix a group, in panels: `height` starting values, then for
/// each k `height` weights. Full panels have the kernel's number of rows; the last is as low as can
/// be. Words are floats, or four bytes of weights each.
final class PackedPanels<Word: WeightElement>: Sendable {
  typealias Panel = PanelCut.Panel

  let panels: [Panel]
  private let memory: AlignedArray<Word>
  private let groupStride: Int

  /// What panels are filled with: each row's starting value, and each of its weights by its place in
  /// the sum; rows are counted through all groups.
  typealias Filling = (_ start: (_ row: Int) -> Word, _ weight: (_ row: Int, _ k: Int) -> Word) ->
    Void

  /// Packs `rows` rows of `depth` weights a group, for which `lend` calls what it is given; it is not
  /// called when the panels are found in a store, and must depend on nothing but `sources`, the
  /// lengths, and `settings`.
  convenience init(
    groups: Int, rows: Int, depth: Int, panelRows: Int, of sources: [Tensor?],
    settings: [Int] = [], lend: (Filling) -> Void
  ) {
    self.init(
      as: "panels", groups: groups, rows: rows, depth: depth, panelRows: panelRows, of: sources,
      settings: settings
    ) { base, size, panels in
      lend { start, weight in
        let work = Double(groups * rows) * Double(depth)
        ThreadPool.current.forEachTile(groups * panels.count, nanoseconds: work) { tile in
          let (group, panel) = (tile / panels.count, panels[tile % panels.count])
          let target = base + group * size + panel.offset
          for m in 0..<panel.rows {
            let row = group * rows + panel.firstRow + m
            target[m] = start(row)
            for k in 0..<depth { target[(k + 1) * panel.height + m] = weight(row, k) }
          }
        }
      }
    }
  }

  /// Panels that `fill` writes in a way of its own, called `layout`: each group's `size` words after
  /// the last's, all zero before. As above, it is not called where they are found in a store.
  init(
    as layout: String, groups: Int, rows: Int, depth: Int, panelRows: Int, of sources: [Tensor?],
    settings: [Int],
    fill: (_ base: UnsafeMutablePointer<Word>, _ size: Int, _ panels: [Panel]) -> Void
  ) {
    let cut = PanelCut(rows: rows, depth: depth, panelRows: panelRows)
    panels = cut.panels
    groupStride = cut.size
    memory = .stored(
      as: layout, settings: [groups, rows, depth, panelRows] + settings, of: sources,
      count: cut.size * groups
    ) { fill($0, cut.size, cut.panels) }
  }

  /// Where the first group begins.
  var base: UnsafePointer<Word> { UnsafePointer(memory.base) }

  /// Where a panel of a group begins.
  func pointer(group: Int, _ panel: Panel) -> UnsafePointer<Word> {
    UnsafePointer(memory.base + group * groupStride + panel.offset)
  }
}
