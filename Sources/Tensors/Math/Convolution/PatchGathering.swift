// Room: Tensors. What the taps of a window see of some results, one line of results for each tap.

internal import CVectorKernels

/// Some results of one sheet, counted through its rows.
struct ResultStrip {
  /// The first result, its row and column, how many there are, and the rows they are in.
  var first: Int, row: Int, column: Int, count: Int, rows: Int
  var sheet: Int

  /// `count` results from `first` on of a sheet whose rows are `width` long.
  init(first: Int, count: Int, width: Int, sheet: Int) {
    (self.first, self.count, self.sheet) = (first, count, sheet)
    (row, column) = first.quotientAndRemainder(dividingBy: width)
    rows = (column + count - 1) / width + 1
  }
}

/// Gathers what a convolution's taps see: each channel's rows are sorted by phases of the strides, and
/// then taken for each tap.
final class PatchGathering: Sendable {
  private let convolution: ConvolutionCore
  private let sheets: Int, height: Int, width: Int, outWidth: Int
  /// What the taps of a few channels see of a strip, and where each begins.
  private let tile: ConvolutionTile
  private let offsets: AlignedArray<Int>
  private let takesWholeRows: Bool

  /// Channels at a time: so many floats stay in the first cache until they are taken.
  private static let tileWords = 6 << 10, mostChannels = 16

  /// For strips of at most `rows` whole rows of results, `outWidth` long; or for parts of single rows,
  /// at most `columns` long.
  init(
    _ convolution: ConvolutionCore, size: [Int], outWidth: Int, rows: Int, columns: Int? = nil
  ) {
    self.convolution = convolution
    (sheets, height, width, self.outWidth) = (size[0], size[1], size[2], outWidth)
    takesWholeRows = columns == nil
    func arranged(_ channels: Int) -> ConvolutionTile {
      ConvolutionTile(
        convolution.vertical, convolution.horizontal, channels: channels, rows: rows,
        columns: columns ?? outWidth)
    }
    let one = arranged(1).floatCount
    tile = arranged(max(1, min(Self.mostChannels, Self.tileWords / one)))
    offsets = tile.offsets()
  }

  /// Terms of the sums of `part`, of the group whose in channels begin at `firstChannel`, counted
  /// through all images, to lines `pitch` apart, which have room for two vectors more.
  func gather(
    _ part: Range<Int>, _ strip: ResultStrip, firstChannel: Int, input: UnsafePointer<Float>,
    _ patches: UnsafeMutablePointer<Float>, pitch: Int
  ) {
    let kernels = convolution.variant.table
    let window = convolution.sheets
    let taps = convolution.planarTaps
    let image = height * width
    let columns = takesWholeRows ? outWidth : strip.count
    Scratch.with(Float.self, count: tile.floatCount) { seen in
      var k = part.lowerBound
      while k < part.upperBound {
        let (first, tap) = k.quotientAndRemainder(dividingBy: taps)
        let planes = min(tile.channels, (part.upperBound - 1) / taps + 1 - first)
        tile.fill(
          seen, height: height, width: width, top: strip.row,
          left: takesWholeRows ? 0 : strip.column, rows: strip.rows, columns: columns,
          count: planes, padding: 0, kernels
        ) { index in
          let (channel, place) = (first + index).quotientAndRemainder(dividingBy: window.taps)
          let sheet = strip.sheet * window.stride - window.before + place * window.dilation
          guard sheet >= 0, sheet < sheets else { return nil }
          return input + ((firstChannel + channel) * sheets + sheet) * image
        }
        // The channels' taps follow one another, as their terms do.
        let some = min(planes * taps - tap, part.upperBound - k)
        kernels.pointee.f32_join_rows(
          some, offsets.base + tap, columns, takesWholeRows ? strip.column : 0, strip.count, seen,
          tile.pitch, patches + (k - part.lowerBound) * pitch, pitch)
        k += some
      }
    }
  }
}
