// Room: Tensors. Whether a convolution is faster as a product with gathered patches.

/// What a convolution by gathered patches and by tiles of the image takes, in vector multiply-adds.
///
/// The choice depends on the shape alone, so that results are the same wherever they run.
struct GatheringCost {
  private let convolution: ConvolutionCore
  private let height: Int, width: Int

  /// For results of `height` by `width`.
  init(_ convolution: ConvolutionCore, height: Int, width: Int) {
    (self.convolution, self.height, self.width) = (convolution, height, width)
  }

  /// What it takes to read or write a vector of a row, and to begin a row.
  private static let vectorCost = 3.0, rowCost = 4.0
  /// What it takes to sort a plane's row by phases of the stride.
  private static let bandVectorCost = 4.0, bandRowCost = 6.0
  /// What reading a line of weights takes that are in no near cache.
  static let weightCost = 28.0, cachedWords = 163_840.0

  /// Whether gathering is the faster.
  var isLess: Bool { gathered < tiled }

  private var vertical: WindowAxis { convolution.vertical }
  private var horizontal: WindowAxis { convolution.horizontal }
  private var rows: Double { Double(convolution.groupOutChannels) }
  private var taps: Double { Double(vertical.taps) * Double(horizontal.taps) }
  private var vectors: Double { Double((height * width + 15) / 16) }

  /// For each of a sum's terms: sorting the rows that several taps see.
  private var sorting: Double {
    let bands = Double(
      min(vertical.stride, vertical.taps) * min(horizontal.stride, horizontal.taps))
    return bands / taps * (vectors * Self.bandVectorCost + Self.bandRowCost * Double(height))
  }

  /// What waiting for weights adds to products with so many results at a time.
  private func waiting(_ positions: Double) -> Double {
    rows * Double(convolution.depth) > Self.cachedWords
      ? 1 + Self.weightCost / positions : 1
  }

  private var gathered: Double {
    let strip = Double(min(height * width, 192))
    return vectors * (rows * waiting(strip) + Self.vectorCost) + Self.rowCost * Double(height)
      + sorting
  }

  private var tiled: Double {
    // A tile's rows, one by one or joined with what lies between them. A vector alone is slower than
    // one of three.
    let gap = horizontal.reach / horizontal.stride
    let separate = Double(height) * (Double((width + 15) / 16) + (width <= 16 ? 0.4 : 0))
    let joined = Double((height * (width + gap) + 15) / 16)
    // Joined rows go through scratch once more.
    let finishing = Double(height) * rows * 30 / Double(convolution.depth)
    let tile = ConvolutionTiling.size(
      vertical, horizontal, channels: convolution.groupInSheets, outHeight: height,
      outWidth: width, sheets: convolution.groups, variant: convolution.variant)
    let positions = Double(tile.rows * tile.columns)
    return min(separate * rows, joined * rows + finishing) * waiting(positions) + sorting
  }
}
