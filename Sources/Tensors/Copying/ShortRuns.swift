// Room: Tensors. Copies whose source is contiguous for a few elements only.

internal import CVectorKernels

/// Runs of a few elements (the columns of a patch, say) from wherever they lie into a dense copy.
///
/// The dimension beside the runs is taken in pieces of a few cache lines of the copy; all others, and
/// those pieces, follow in the order in which they lie in the source. So both sides are read and
/// written in whole lines, where the copy's own order would come back to each line of the source when
/// it has left the cache.
struct ShortRuns {
  /// A dimension that the walk counts through: its length, and how far a step leads in bytes.
  private struct Dimension {
    var length: Int, source: Int, target: Int
  }

  /// Slowest first; what is walked last is walked by the kernel.
  private let walk: [Dimension]
  /// The dimension beside the runs, how many of its runs are taken at a time, and where the walk
  /// counts such pieces.
  private let beside: Dimension, piece: Int, pieceAxis: Int
  private let runBytes: Int
  private let byteCount: Int

  /// Longer runs are copied one by one, longer pieces win nothing.
  private static let longestRun = 256, pieceBytes = 256
  private static let tileBytes = 1 << 16

  /// Nil where the copy has no such runs.
  init?(of copy: StridedCopy, width: Int) {
    let last = copy.lengths.count - 1
    let bytes = copy.lengths[last] * width
    guard last > 0, copy.strides[last] == 1, bytes <= Self.longestRun else { return nil }
    let dimensions = copy.lengths.indices.dropLast().map {
      Dimension(
        length: copy.lengths[$0], source: copy.strides[$0] * width,
        target: copy.targetStrides[$0] * width)
    }
    let beside = dimensions[last - 1]
    let comesBack = dimensions.contains { abs($0.source) < abs(beside.source) }
    let most = max(1, (comesBack ? Self.pieceBytes : Self.tileBytes) / bytes)
    let pieces = (beside.length + most - 1) / most
    let piece = (beside.length + pieces - 1) / pieces
    let between = Dimension(
      length: (beside.length + piece - 1) / piece, source: beside.source * piece,
      target: beside.target * piece)
    // By steps in the source, where a piece counts as its runs do.
    let order = dimensions.indices.sorted {
      (abs(dimensions[$0].source), $1) > (abs(dimensions[$1].source), $0)
    }
    walk = order.map { $0 == last - 1 ? between : dimensions[$0] }
    pieceAxis = order.firstIndex(of: last - 1) ?? 0
    (self.beside, self.piece, runBytes, byteCount) = (beside, piece, bytes, copy.count * width)
  }

  func copy(from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
    let places = walk.reduce(1) { $0 * $1.length }
    let perTile = max(1, Self.tileBytes / (piece * runBytes))
    let tiles = (places + perTile - 1) / perTile
    ThreadPool.current.forEachTile(tiles, nanoseconds: Double(byteCount) * 0.1) { tile in
      let first = tile * perTile
      copy(places: first..<min(first + perTile, places), source, target)
    }
  }

  private func copy(
    places: Range<Int>, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer
  ) {
    let last = walk.count - 1
    var place = places.lowerBound
    withUnsafeTemporaryAllocation(of: Int.self, capacity: walk.count) { at in
      var rest = place
      for axis in walk.indices.reversed() {
        at.initializeElement(at: axis, to: rest % walk[axis].length)
        rest /= walk[axis].length
      }
      while place < places.upperBound {
        let rows = min(walk[last].length - at[last], places.upperBound - place)
        var (from, to) = (source, target)
        for axis in walk.indices {
          from += at[axis] * walk[axis].source
          to += at[axis] * walk[axis].target
        }
        copy(rows: rows, firstPiece: at[pieceAxis], from, to)
        place += rows
        at[last] += rows
        var axis = last
        while axis > 0, at[axis] == walk[axis].length {
          at[axis] = 0
          axis -= 1
          at[axis] += 1
        }
      }
    }
  }

  /// Rows of one piece each: all of the same, or from `firstPiece` on, where they are the pieces.
  private func copy(
    rows: Int, firstPiece: Int, _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer
  ) {
    let (last, inner) = (walk.count - 1, walk[walk.count - 1])
    let runs = KernelVariant.current.table.pointee.b8_runs
    let rest = beside.length - (walk[pieceAxis].length - 1) * piece
    if pieceAxis < last {
      let isLast = firstPiece == walk[pieceAxis].length - 1
      runs(
        rows, isLast ? rest : piece, runBytes, from, inner.source, beside.source, to, inner.target)
      return
    }
    let whole = firstPiece + rows == inner.length ? rows - 1 : rows
    runs(whole, piece, runBytes, from, inner.source, beside.source, to, inner.target)
    guard whole < rows else { return }
    runs(
      1, rest, runBytes, from + whole * inner.source, inner.source, beside.source,
      to + whole * inner.target, inner.target)
  }
}
