// Room: Tensors. Into which tiles a convolution is cut, whatever it computes in.

/// The tiles of a convolution's result for images of one size: blocks of rows, of columns and of
/// panels of weights, fixed by the shape so that results do not depend on threads.
struct ConvolutionTiling: Sendable {
  let tile: ConvolutionTile
  let offsets: AlignedArray<Int>
  private let rowBlocks: Int, columnBlocks: Int, panelsPerTile: Int, panelBlocks: Int
  /// Rows and columns of a sheet of results, and panels of weights.
  private let height: Int, width: Int, panelCount: Int

  /// A tile's input, in words of four bytes, should fit the second cache beside a panel of weights.
  private static let scratchWords = 96 << 10
  /// As many tiles as keep a handful of threads evenly busy.
  private static let wantedTiles = 16
  /// Results of a tile, where an image has so many.
  private static let leastPositions = 192
  /// Where tiles are fewer, they are shared by panels, so many at least.
  private static let leastTiles = 4, leastPanels = 16

  /// Tiles of `outHeight` by `outWidth` results, `sheets` of them in an image, each of which sees
  /// `channels` planes and is computed by `panels` panels of weights.
  init(
    _ vertical: WindowAxis, _ horizontal: WindowAxis, channels: Int, outHeight: Int, outWidth: Int,
    sheets: Int, panels: Int, variant: KernelVariant
  ) {
    (height, width, panelCount) = (outHeight, outWidth, panels)
    let (rows, columns) = Self.size(
      vertical, horizontal, channels: channels, outHeight: outHeight, outWidth: outWidth,
      sheets: sheets, variant: variant)
    (rowBlocks, columnBlocks) = (
      (outHeight + rows - 1) / rows, (outWidth + columns - 1) / columns
    )
    tile = ConvolutionTile(
      vertical, horizontal, channels: channels, rows: (outHeight + rowBlocks - 1) / rowBlocks,
      columns: columns)
    offsets = tile.offsets()
    let tiles = rowBlocks * columnBlocks * sheets
    // Each share of the panels copies the input for itself.
    let split = max(1, min(panels / Self.leastPanels, (Self.leastTiles + tiles - 1) / tiles))
    panelsPerTile = (panels + split - 1) / split
    panelBlocks = (panels + panelsPerTile - 1) / panelsPerTile
  }

  /// The most rows and columns of results that a tile has.
  static func size(
    _ vertical: WindowAxis, _ horizontal: WindowAxis, channels: Int, outHeight: Int, outWidth: Int,
    sheets: Int, variant: KernelVariant
  ) -> (rows: Int, columns: Int) {
    func words(_ rows: Int, _ columns: Int) -> Int {
      ConvolutionTile(vertical, horizontal, channels: channels, rows: rows, columns: columns)
        .floatCount
    }
    // Narrower tiles only where one output row needs more than the cache has.
    let tileWidth = variant.lanes * variant.tileVectors
    var columns = outWidth
    while columns > 4 * tileWidth, words(1, columns) > scratchWords * 3 / 2 {
      columns = (columns / 2 + tileWidth - 1) / tileWidth * tileWidth
    }
    // As many rows as fit, fewer where that leaves too few tiles, but enough to be worth the rows
    // that neighbouring tiles both copy.
    var (low, high) = (1, outHeight)
    while low < high {
      let middle = (low + high + 1) / 2
      if words(middle, columns) <= scratchWords { low = middle } else { high = middle - 1 }
    }
    let enough = max(1, 2 * vertical.reach / vertical.stride)
    let columnBlocks = (outWidth + columns - 1) / columns
    let balanced = outHeight * columnBlocks * sheets / wantedTiles
    // Weights are read once for a tile: it must be worth that.
    let full = (leastPositions + columns - 1) / columns
    return (min(low, max(enough, balanced, full)), columns)
  }

  /// How many tiles a sheet has.
  var count: Int { rowBlocks * columnBlocks * panelBlocks }

  /// A tile's place: its first row and column, how many there are of both, the panels of weights, and
  /// the number of its sheet, counted through whatever has one.
  struct Place {
    var top: Int, left: Int, rows: Int, columns: Int
    var panels: Range<Int>
    var sheet: Int
  }

  /// Where tile `index` lies, counted sheet by sheet; nil where nothing is left for it.
  func place(_ index: Int) -> Place? {
    let (sheet, own) = index.quotientAndRemainder(dividingBy: count)
    let (position, panelBlock) = own.quotientAndRemainder(dividingBy: panelBlocks)
    let (row, column) = position.quotientAndRemainder(dividingBy: columnBlocks)
    let (top, left) = (row * tile.rows, column * tile.columns)
    let (rows, columns) = (min(tile.rows, height - top), min(tile.columns, width - left))
    let first = panelBlock * panelsPerTile
    guard rows > 0, columns > 0, first < panelCount else { return nil }
    return Place(
      top: top, left: left, rows: rows, columns: columns,
      panels: first..<min(first + panelsPerTile, panelCount), sheet: sheet)
  }

  /// How many vectors of `lanes` a full tile's rows take one by one, and joined to one long row.
  func vectors(lanes: Int) -> (separate: Int, joined: Int) {
    (
      tile.rows * ((tile.columns + lanes - 1) / lanes),
      ((tile.rows - 1) * tile.pitch + tile.columns + lanes - 1) / lanes
    )
  }
}
