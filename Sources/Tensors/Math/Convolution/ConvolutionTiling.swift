// Room: Tensors. Into which tiles a convolution is cut, whatever it computes in.

/// The tiles of a convolution's result for images of one size: blocks of rows, of columns and of
/// panels of weights, fixed by the shape so that results do not depend on threads.
struct ConvolutionTiling: Sendable {
  let tile: ConvolutionTile
  let offsets: AlignedArray<Int>
  let rowBlocks: Int, columnBlocks: Int, panelsPerTile: Int, panelBlocks: Int

  /// A tile's input, in words of four bytes, should fit the second cache beside a panel of weights.
  private static let scratchWords = 96 << 10
  /// As many tiles as keep a handful of threads evenly busy.
  private static let wantedTiles = 16

  /// Tiles of `outHeight` by `outWidth` results, `sheets` of them in an image, each of which sees
  /// `channels` planes and is computed by `panels` panels of weights.
  init(
    _ vertical: WindowAxis, _ horizontal: WindowAxis, channels: Int, outHeight: Int, outWidth: Int,
    sheets: Int, panels: Int, variant: KernelVariant
  ) {
    func arranged(_ rows: Int, _ columns: Int) -> ConvolutionTile {
      ConvolutionTile(vertical, horizontal, channels: channels, rows: rows, columns: columns)
    }
    // Narrower tiles only where one output row needs more than the cache has.
    let tileWidth = variant.lanes * variant.tileVectors
    var columns = outWidth
    while columns > 4 * tileWidth, arranged(1, columns).floatCount > Self.scratchWords * 3 / 2 {
      columns = (columns / 2 + tileWidth - 1) / tileWidth * tileWidth
    }
    columnBlocks = (outWidth + columns - 1) / columns
    // As many rows as fit, fewer where that leaves too few tiles, but enough to be worth the rows
    // that neighbouring tiles both copy.
    var (low, high) = (1, outHeight)
    while low < high {
      let middle = (low + high + 1) / 2
      if arranged(middle, columns).floatCount <= Self.scratchWords {
        low = middle
      } else {
        high = middle - 1
      }
    }
    let enough = max(1, 2 * vertical.reach / vertical.stride)
    let balanced = outHeight * columnBlocks * sheets / Self.wantedTiles
    let rowsWanted = min(low, max(enough, balanced))
    rowBlocks = (outHeight + rowsWanted - 1) / rowsWanted
    tile = arranged((outHeight + rowBlocks - 1) / rowBlocks, columns)
    offsets = tile.offsets()
    let tiles = rowBlocks * columnBlocks * sheets
    let split = min(panels, max(1, (Self.wantedTiles + tiles - 1) / tiles))
    panelsPerTile = (panels + split - 1) / split
    panelBlocks = (panels + panelsPerTile - 1) / panelsPerTile
  }

  /// How many tiles a sheet has.
  var count: Int { rowBlocks * columnBlocks * panelBlocks }

  /// How many vectors of `lanes` a full tile's rows take one by one, and joined to one long row.
  func vectors(lanes: Int) -> (separate: Int, joined: Int) {
    (
      tile.rows * ((tile.columns + lanes - 1) / lanes),
      ((tile.rows - 1) * tile.pitch + tile.columns + lanes - 1) / lanes
    )
  }
}
