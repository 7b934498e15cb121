// Room: Networks. Where each intermediate value lies in the arena, so that values that live at the
// same time never overlap.

/// Packs blocks with lifetimes into one arena.
///
/// Greedy by size: the largest block first, each at the lowest place where no block that lives at
/// the same time lies. Known to come within a few percent of the bound for networks.
package enum ArenaLayout {
  package static let alignment = 64

  /// A block of memory that is needed from step `first` to step `last`, both included.
  package struct Block: Sendable, Hashable {
    package var byteCount: Int
    package var first: Int
    package var last: Int

    package init(byteCount: Int, first: Int, last: Int) {
      self.byteCount = byteCount
      self.first = first
      self.last = last
    }
  }

  /// The blocks' offsets and how long the arena must be; nil where that overflows.
  package static func place(_ blocks: [Block]) -> (offsets: [Int], byteCount: Int)? {
    var offsets = [Int](repeating: 0, count: blocks.count)
    let order = blocks.indices.sorted { left, right in
      (blocks[right].byteCount, blocks[left].first, left)
        < (blocks[left].byteCount, blocks[right].first, right)
    }
    // Placed blocks in order of their offset.
    var placed: [(start: Int, end: Int, first: Int, last: Int)] = []
    var total = 0
    for index in order {
      let block = blocks[index]
      guard block.byteCount <= Int.max - alignment else { return nil }
      let size = (block.byteCount + alignment - 1) / alignment * alignment
      guard size > 0 else { continue }
      var start = 0
      for other in placed where other.first <= block.last && block.first <= other.last {
        if other.start >= start && other.start - start >= size { break }
        start = max(start, other.end)
      }
      let (end, overflow) = start.addingReportingOverflow(size)
      guard !overflow else { return nil }
      offsets[index] = start
      total = max(total, end)
      let position = placed.firstIndex { $0.start > start } ?? placed.count
      placed.insert((start, end, block.first, block.last), at: position)
    }
    return (offsets, total)
  }

  /// The most bytes that live at one step: no layout can be smaller.
  package static func lowerBound(_ blocks: [Block]) -> Int {
    let steps = (blocks.map(\.last).max() ?? -1) + 1
    var change = [Int](repeating: 0, count: steps + 1)
    for block in blocks {
      let size = (block.byteCount + alignment - 1) / alignment * alignment
      change[block.first] += size
      change[block.last + 1] -= size
    }
    var (live, most) = (0, 0)
    for delta in change {
      live += delta
      most = max(most, live)
    }
    return most
  }
}
