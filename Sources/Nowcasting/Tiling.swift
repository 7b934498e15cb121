// Room: Nowcasting. Large grids in pieces, so that memory does not grow with the map.

/// How one axis is cut into equally long pieces that overlap.
package struct TileAxis: Sendable, Equatable {
  /// The cells of each piece; the last ones may lie beyond the axis.
  package let pieces: [Range<Int>]
  /// For each piece, how much each of its cells counts in the result: over all pieces the shares of
  /// a cell add up to 1.
  package let shares: [[Float]]

  /// Cuts `length` cells into `count` pieces of `piece` cells; both lengths, and where pieces begin,
  /// are multiples of `multiple`.
  ///
  /// What two neighbours share is blended over the middle half of it: the outer quarters, where a
  /// piece sees least of what is around, count nothing.
  init(length: Int, piece: Int, count: Int, multiple: Int) {
    let starts = (0..<count).map { index -> Int in
      guard count > 1 else { return 0 }
      let exact = Double(index * (length - piece)) / Double(count - 1)
      return min(Int((exact / Double(multiple)).rounded()) * multiple, length - piece)
    }
    pieces = starts.map { $0..<$0 + piece }
    shares = pieces.indices.map { [pieces] index in
      let range = pieces[index]
      let before = index > 0 ? pieces[index - 1].upperBound : range.lowerBound
      let after = index + 1 < count ? pieces[index + 1].lowerBound : range.upperBound
      return range.map { cell in
        Self.rise(cell, from: range.lowerBound, to: before)
          * (1 - Self.rise(cell, from: after, to: range.upperBound))
      }
    }
  }

  /// 0 before the overlap's middle half, 1 after it, a straight line within.
  private static func rise(_ cell: Int, from start: Int, to end: Int) -> Float {
    guard end > start else { return cell >= end ? 1 : 0 }
    let place = (Float(cell) + 0.5 - Float(start)) / Float(end - start)
    return min(max(2 * place - 0.5, 0), 1)
  }
}

/// How large the pieces of a grid may be.
package struct Tiling: Sendable {
  /// The most cells that a network is run on at once.
  package var cells: Int
  /// The fewest cells that neighbouring pieces share, along an axis.
  package var overlap: Int

  /// A rule for cutting grids.
  package init(cells: Int = 448 * 1024, overlap: Int = 128) {
    self.cells = cells
    self.overlap = overlap
  }

  /// The pieces of a grid, rows and columns, with as few cells in all as can be.
  ///
  /// The cut depends on the grid alone, so that results do not depend on the machine. All pieces
  /// have one shape, so that one plan serves them all.
  package func cut(
    rows: Int, columns: Int, multiple: Int
  ) -> (rows: TileAxis, columns: TileAxis) {
    let (height, width) = (padded(rows, multiple), padded(columns, multiple))
    // The least work among what memory allows; where nothing is small enough, the smallest.
    var best = (excess: Int.max, work: Int.max, down: 1, across: 1)
    for down in 1...pieceLimit(height, multiple) {
      for across in 1...pieceLimit(width, multiple) {
        let area = piece(height, down, multiple) * piece(width, across, multiple)
        let (excess, work) = (max(area - cells, 0), area * down * across)
        if (excess, work) < (best.excess, best.work) { best = (excess, work, down, across) }
      }
    }
    let (down, across) = (best.down, best.across)
    return (
      TileAxis(
        length: height, piece: piece(height, down, multiple), count: down, multiple: multiple),
      TileAxis(
        length: width, piece: piece(width, across, multiple), count: across, multiple: multiple)
    )
  }

  private func padded(_ length: Int, _ multiple: Int) -> Int {
    (length + multiple - 1) / multiple * multiple
  }

  /// How long `count` pieces are that cover `length` cells and share enough.
  private func piece(_ length: Int, _ count: Int, _ multiple: Int) -> Int {
    count == 1 ? length : padded((length + (count - 1) * overlap + count - 1) / count, multiple)
  }

  /// More pieces than this would be mostly overlap.
  private func pieceLimit(_ length: Int, _ multiple: Int) -> Int {
    max((length - overlap) / max(overlap, multiple), 1)
  }
}
