// Room: Tensors. Convolution tap by tap: for windows much of which stands outside the image.

internal import CVectorKernels

/// A convolution without stride as a sum of products, one for each tap, over those results alone whose
/// tap sees the inside of the image: a window dilated by 12 sees little more than its middle of an
/// image of 14 × 14.
///
/// Blocks of rows of results are fixed by the shape. For each tap what it sees is packed, multiplied,
/// and added to the block's results in scratch memory.
final class TapwiseConvolution: Sendable {
  private let convolution: ConvolutionCore
  private let weights: WeightPanels
  private let bias: [Float]
  private let taps: [SeeingTap]
  private let width: Int, plane: Int, outHeight: Int, outWidth: Int
  private let rows: Int, blocks: Int, pitch: Int
  private let offsets: AlignedArray<Int>
  /// Results times taps that see something.
  private let seen: Double

  /// A block's input, or its results, in floats, and how many results a block has.
  private static let blockWords = 128 << 10
  private static let positions = (least: 192, most: 1024)

  /// Nil where another way is the faster.
  init?(_ convolution: ConvolutionCore, size: [Int], outSize: [Int]) {
    guard let taps = SeeingTap.all(convolution, size: size, outSize: outSize),
      let weights = convolution.weights.tapwise(taps: convolution.planarTaps)
    else { return nil }
    self.convolution = convolution
    (self.weights, bias) = weights
    self.taps = taps
    (width, plane) = (size[2], size[1] * size[2])
    (outHeight, outWidth) = (outSize[1], outSize[2])
    let channels = max(convolution.groupInChannels, convolution.groupOutChannels)
    let wanted = min(max(Self.blockWords / channels, Self.positions.least), Self.positions.most)
    let most = max(1, wanted / outWidth)
    blocks = (outHeight + most - 1) / most
    rows = (outHeight + blocks - 1) / blocks
    // An odd number of cache lines.
    pitch = ((rows * outWidth + 15) / 16 | 1) * 16
    seen = taps.reduce(0) { $0 + Double($1.rows.count * $1.columns.count) }
    let pitch = pitch
    offsets = AlignedArray(count: convolution.groupInChannels) { base in
      for k in 0..<convolution.groupInChannels { base[k] = k * pitch }
    }
  }

  func run(
    input: UnsafePointer<Float>, batch: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    let panels = weights.panels.count
    let units = batch * convolution.groups * blocks
    // Where blocks are too few, threads share the out channels, each packing the input for itself.
    let shares = min(max(1, 4 / max(units, 1)), max(1, panels / 4))
    let perShare = (panels + shares - 1) / shares
    let pairs = Double(convolution.outChannels) * Double(convolution.groupInChannels)
    ThreadPool.current.forEachTile(
      units * shares,
      nanoseconds: convolution.variant.nanoseconds(multiplyAdds: Double(batch) * seen * pairs)
    ) { index in
      let (unit, share) = index.quotientAndRemainder(dividingBy: shares)
      let chosen = share * perShare..<min((share + 1) * perShare, panels)
      let (place, block) = unit.quotientAndRemainder(dividingBy: blocks)
      let lines = block * rows..<min((block + 1) * rows, outHeight)
      guard !chosen.isEmpty, !lines.isEmpty else { return }
      runBlock(lines, chosen, place: place, input: input, residual: residual, output: output)
    }
  }

  /// Rows of results of one group, whose `place` counts through all images.
  private func runBlock(
    _ lines: Range<Int>, _ chosen: Range<Int>, place: Int, input: UnsafePointer<Float>,
    residual: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>
  ) {
    let kernels = convolution.variant.table
    let (inChannels, panelRows) = (convolution.groupInChannels, convolution.variant.panelRows)
    let firstRow = chosen.lowerBound * panelRows
    let rowCount = min(chosen.upperBound * panelRows, convolution.groupOutChannels) - firstRow
    let count = lines.count * outWidth
    let group = place % convolution.groups
    Scratch.with(
      Float.self, count: (inChannels + panelRows + rowCount) * pitch + ConvolutionTile.slack
    ) { packed in
      let products = packed + inChannels * pitch
      let results = products + panelRows * pitch
      for row in 0..<rowCount {
        let start = bias[group * convolution.groupOutChannels + firstRow + row]
        (results + row * pitch).update(repeating: start, count: count)
      }
      for tap in taps {
        let seen = tap.rows.clamped(to: lines)
        guard !seen.isEmpty else { continue }
        let from = (seen.lowerBound + tap.shift.y) * width + tap.columns.lowerBound + tap.shift.x
        kernels.pointee.f32_pack_rows(
          inChannels, seen.count, tap.columns.count, input + place * inChannels * plane + from,
          plane, width, packed, pitch)
        let isWhole = seen == lines && tap.columns.count == outWidth
        let first = (seen.lowerBound - lines.lowerBound) * outWidth + tap.columns.lowerBound
        var epilogue = squall_epilogue()
        epilogue.accumulate = isWhole
        weights.withPiece(depth: inChannels) { piece in
          for index in chosen {
            let panel = weights.panels[index]
            let sums = results + (panel.firstRow - firstRow) * pitch
            kernels.pointee.f32_igemm(
              panel.rows, panel.height, seen.count * tap.columns.count, inChannels,
              weights.pointer(
                group: group * convolution.planarTaps + tap.index, panel, inChannels, in: piece),
              packed, offsets.base, isWhole ? sums : products, pitch, nil, 0, true, &epilogue)
            guard !isWhole else { continue }
            kernels.pointee.f32_add_rows(
              panel.rows, seen.count, tap.columns.count, products, pitch, sums + first, pitch,
              outWidth)
          }
        }
      }
      var epilogue = convolution.activation.epilogue
      for row in 0..<rowCount {
        let channel = place * convolution.groupOutChannels + firstRow + row
        let target = (channel * outHeight + lines.lowerBound) * outWidth
        kernels.pointee.f32_finish(
          count, results + row * pitch, residual.map { $0 + target }, output + target, &epilogue)
      }
    }
  }
}

/// A tap of a planar window without stride, and the results for which it sees the inside of the image.
struct SeeingTap: Sendable {
  var index: Int
  var rows: Range<Int>, columns: Range<Int>
  /// From a result's row and column to those that the tap sees.
  var shift: (y: Int, x: Int)

  private static let mostTaps = 49, longestRow = 2048
  /// What a row of all channels takes at most, in floats.
  private static let mostWords = 1 << 20
  /// What packing and adding a row takes, and a vector of it, in vector multiply-adds.
  private static let rowCost = 12.0, vectorCost = 6.0

  /// The taps that see something; nil where leaving the others out is not the fastest way.
  static func all(_ convolution: ConvolutionCore, size: [Int], outSize: [Int]) -> [SeeingTap]? {
    let (vertical, horizontal) = (convolution.vertical, convolution.horizontal)
    guard size[0] == 1, outSize[0] == 1, convolution.sheets.taps == 1,
      vertical.stride == 1, horizontal.stride == 1, outSize[1] > 0,
      (1...longestRow).contains(outSize[2]),
      convolution.groupInChannels + convolution.groupOutChannels <= mostWords / outSize[2],
      (2...mostTaps).contains(vertical.taps.multipliedReportingOverflow(by: horizontal.taps).0)
    else { return nil }
    func span(_ axis: WindowAxis, _ tap: Int, _ length: Int, _ outLength: Int) -> (Range<Int>, Int)
    {
      let shift = tap * axis.dilation - axis.before
      let first = min(max(0, -shift), outLength)
      return (first..<max(first, min(outLength, length - shift)), shift)
    }
    var result: [SeeingTap] = []
    var cost = 0.0
    let words = Double(
      convolution.groupInChannels * convolution.groupOutChannels * convolution.planarTaps)
    let waiting = words > GatheringCost.cachedWords ? GatheringCost.weightCost / 16 : 0
    for i in 0..<vertical.taps {
      for j in 0..<horizontal.taps {
        let (rows, y) = span(vertical, i, size[1], outSize[1])
        let (columns, x) = span(horizontal, j, size[2], outSize[2])
        guard !rows.isEmpty, !columns.isEmpty else { continue }
        result.append(
          SeeingTap(
            index: i * horizontal.taps + j, rows: rows, columns: columns, shift: (y, x)))
        let vectors = Double((rows.count * columns.count + 15) / 16)
        let (inside, outside) = (
          Double(convolution.groupInChannels), Double(convolution.groupOutChannels)
        )
        cost +=
          (vectors + waiting) * inside * outside
          + (inside + outside) * (Double(rows.count) * rowCost + vectors * vectorCost)
      }
    }
    return cost * 16 < WinogradCost.least(convolution, outSize: outSize) ? result : nil
  }
}

extension ConvolutionCore {
  /// The taps of one sheet.
  var planarTaps: Int { vertical.taps * horizontal.taps }
}
