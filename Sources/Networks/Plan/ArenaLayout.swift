// Room: Networks. Where each intermediate value lies in the arena, so that values that live at the
// same time never overlap.

/// Packs blocks with lifetimes into one arena.
///
/// Greedy: one block after another, each at the lowest place where no block that lives at the same
/// time lies; the largest first, which comes within a few percent of the bound for most networks.
/// Where it does not, other orders are tried, and what ends highest is placed earlier.
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

  /// Orders are tried only for so many blocks: each takes a time that grows with their square.
  private static let mostBlocks = 2048
  /// How often the highest blocks are placed earlier.
  private static let mostTrials = 24

  /// The blocks' offsets and how long the arena must be; nil where that overflows.
  package static func place(_ blocks: [Block]) -> (offsets: [Int], byteCount: Int)? {
    func order(_ weight: (Block) -> Double) -> [Int] {
      let weights = blocks.map(weight)
      return blocks.indices.sorted { left, right in
        (weights[right], blocks[left].first, left) < (weights[left], blocks[right].first, right)
      }
    }
    func lifetime(_ block: Block) -> Double { Double(block.last) - Double(block.first) + 1 }
    let first = order { Double($0.byteCount) }
    guard var best = place(blocks, in: first) else { return nil }
    guard blocks.count <= mostBlocks else { return best }
    let bound = lowerBound(blocks)
    let wanted = bound.addingReportingOverflow(bound / 64).partialValue
    var chosen = first
    func take(_ order: [Int]) {
      guard best.byteCount > wanted, let made = place(blocks, in: order),
        made.byteCount < best.byteCount
      else { return }
      (best, chosen) = (made, order)
    }
    take(order { Double($0.byteCount) * lifetime($0) })
    take(order { Double($0.byteCount) * lifetime($0).squareRoot() })
    take(order(lifetime))
    take(order { -Double($0.first) })
    var current = chosen
    for _ in 0..<mostTrials where best.byteCount > wanted {
      guard let made = place(blocks, in: current) else { break }
      let highest = Set(
        current.filter { made.offsets[$0] + blocks[$0].byteCount > made.byteCount - alignment })
      let next = current.filter(highest.contains) + current.filter { !highest.contains($0) }
      guard next != current else { break }
      current = next
      take(current)
    }
    return best
  }

  /// The same with the blocks placed one after another in this order.
  private static func place(
    _ blocks: [Block], in order: [Int]
  ) -> (offsets: [Int], byteCount: Int)? {
    var offsets = [Int](repeating: 0, count: blocks.count)
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
