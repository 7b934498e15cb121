// Room: Grids. Which source cells a target cell overlaps, and by how much.

/// The overlaps of all target cells with source cells, target by target.
struct OverlapTable: Sendable {
  /// Where the overlaps of each target begin; one more than there are targets.
  private(set) var starts: [Int] = [0]
  private(set) var sources: [Int32] = []
  /// Areas in steradians.
  private(set) var areas: [Double] = []
  /// Middles of the overlaps; none for first order.
  private(set) var middles: [Vector] = []

  var targetCount: Int { starts.count - 1 }

  /// Joins parts made target by target, in order.
  init(_ parts: [OverlapRows]) {
    starts.reserveCapacity(parts.reduce(1) { $0 + $1.counts.count })
    sources.reserveCapacity(parts.reduce(0) { $0 + $1.cells.count })
    areas.reserveCapacity(sources.capacity)
    var total = 0
    for part in parts {
      for count in part.counts {
        total += Int(count)
        starts.append(total)
      }
      sources += part.cells
      areas += part.areas
      middles += part.middles
    }
  }

  /// Sorts by target what was made source by source, in order.
  init(bySource parts: [OverlapRows], targetCount: Int) {
    var fill = [Int](repeating: 0, count: targetCount + 1)
    for part in parts { for target in part.cells { fill[Int(target) + 1] += 1 } }
    for target in 0..<targetCount { fill[target + 1] += fill[target] }
    starts = fill
    let total = fill[targetCount]
    sources = [Int32](repeating: 0, count: total)
    areas = [Double](repeating: 0, count: total)
    let hasMiddles = parts.contains { !$0.middles.isEmpty }
    if hasMiddles { middles = [Vector](repeating: .zero, count: total) }
    var source: Int32 = 0
    for part in parts {
      var link = 0
      for count in part.counts {
        for _ in 0..<count {
          let target = Int(part.cells[link])
          let place = fill[target]
          sources[place] = source
          areas[place] = part.areas[link]
          if hasMiddles { middles[place] = part.middles[link] }
          fill[target] += 1
          link += 1
        }
        source += 1
      }
    }
  }

  /// The area of each source cell that targets cover, and the middle of that area.
  func coveredSources(_ count: Int) -> (areas: [Double], middles: [Vector]) {
    var total = [Double](repeating: 0, count: count)
    var sums = [Vector](repeating: .zero, count: count)
    for link in sources.indices {
      let source = Int(sources[link])
      total[source] += areas[link]
      sums[source] += areas[link] * middles[link]
    }
    for source in sums.indices where total[source] > 0 { sums[source] /= total[source] }
    return (total, sums)
  }
}

/// Overlaps being made: of each cell of one grid with cells of the other.
struct OverlapRows: Sendable {
  private(set) var counts: [Int32] = []
  private(set) var cells: [Int32] = []
  private(set) var areas: [Double] = []
  private(set) var middles: [Vector] = []
  private var begun = 0

  @inline(__always)
  mutating func add(_ cell: Int, _ area: Double, _ middle: Vector?) {
    cells.append(Int32(truncatingIfNeeded: cell))
    areas.append(area)
    if let middle { middles.append(middle) }
  }

  mutating func endRow() {
    counts.append(Int32(truncatingIfNeeded: cells.count - begun))
    begun = cells.count
  }
}
