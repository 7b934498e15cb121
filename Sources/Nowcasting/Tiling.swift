// Room: Nowcasting. Large grids in pieces, so that memory does not grow with the map.

/// How an axis is cut into pieces that overlap.
struct Tiling: Sendable {
  /// The longest piece that a network is run on, in cells.
  var length = 640
  /// How far a piece sees beyond the cells that it answers for.
  var margin = 64

  /// One piece of an axis.
  struct Tile: Equatable, Sendable {
    /// The cells that the network sees.
    var read: Range<Int>
    /// Those of them that it answers for.
    var kept: Range<Int>
  }

  /// The pieces of an axis of `count` cells; what is read begins and ends at multiples of
  /// `multiple`, beyond the end of the axis where need be.
  ///
  /// All pieces of a cut axis are equally long, so that one plan serves them all.
  func tiles(_ count: Int, multiple: Int) -> [Tile] {
    let padded = (count + multiple - 1) / multiple * multiple
    guard padded > length else { return [Tile(read: 0..<padded, kept: 0..<count)] }
    let piece = max(length / multiple * multiple, multiple)
    // Cells answered for by a piece in the middle: aligned, and never none.
    let core = max((piece - 2 * margin) / multiple * multiple, multiple)
    var result: [Tile] = []
    var answered = 0
    while answered < count {
      let wanted = result.isEmpty ? 0 : (answered - margin) / multiple * multiple
      let start = max(0, min(wanted, padded - piece))
      let isLast = start + piece >= padded
      let end =
        isLast ? count : min((result.isEmpty ? margin : answered) + core, start + piece, count)
      result.append(Tile(read: start..<start + piece, kept: answered..<end))
      answered = end
    }
    return result
  }
}
