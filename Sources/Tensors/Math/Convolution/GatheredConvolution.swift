// Room: Tensors. Convolution as a product with patches: for strides, and for images of few positions.

internal import CVectorKernels

/// A convolution whose results are counted through rows: vectors of them are full however short rows
/// are. What each tap sees of a strip of results is gathered, a part of the sum at a time, and all
/// out channels are computed from it while it is in the second cache: weights are read once for as
/// many results, however long the sum.
struct GatheredConvolution: Sendable {
  private let convolution: ConvolutionCore
  private let weights: WeightPanels
  private let sheets: Int, outSheets: Int, positions: Int
  private let height: Int, width: Int, outWidth: Int
  /// What one channel's taps see of a strip, and where each begins.
  private let tile: ConvolutionTile
  private let tapOffsets: AlignedArray<Int>
  /// Results of one strip, strips of a sheet, and floats from one tap's line to the next. Strips are
  /// counted through rows, or along each where rows are longer.
  private let strip: Int, strips: Int, stripsPerRow: Int, pitch: Int
  /// So much of a sum at a time.
  private let blockDepth: Int
  private let offsets: AlignedArray<Int>

  private static let mostPositions = 192
  /// An image of little more is one strip.
  private static let fewPositions = 256
  private static let mostBlockDepth = 512
  /// With fewer strips, threads share out channels, in so many shares at most.
  private static let fewUnits = 4, mostShares = 8
  /// Nor is a whole strip gathered where that takes more floats.
  private static let mostWords = 4 << 20

  /// Nil where tiles of the image are the faster.
  init?(_ convolution: ConvolutionCore, size: [Int], outSize: [Int]) {
    guard outSize.allSatisfy({ $0 > 0 }), convolution.depth < 1 << 24,
      GatheringCost(convolution, height: outSize[1], width: outSize[2]).isLess
    else { return nil }
    self.convolution = convolution
    weights = convolution.weights.panels
    (sheets, outSheets, height, width) = (size[0], outSize[0], size[1], size[2])
    let (vertical, horizontal) = (convolution.vertical, convolution.horizontal)
    let (rows, columns) = (outSize[1], outSize[2])
    (positions, outWidth) = (rows * columns, columns)
    if columns < Self.mostPositions {
      let count =
        positions <= Self.fewPositions
        ? 1 : (positions + Self.mostPositions - 1) / Self.mostPositions
      strip = ((positions + count - 1) / count + 15) / 16 * 16
      strips = (positions + strip - 1) / strip
      stripsPerRow = 0
      tile = ConvolutionTile(
        vertical, horizontal, channels: 1, rows: min(rows, (strip + columns - 2) / columns + 1),
        columns: columns)
    } else {
      let count = (columns + Self.mostPositions - 1) / Self.mostPositions
      strip = ((columns + count - 1) / count + 15) / 16 * 16
      stripsPerRow = (columns + strip - 1) / strip
      strips = stripsPerRow * rows
      tile = ConvolutionTile(vertical, horizontal, channels: 1, rows: 1, columns: strip)
    }
    tapOffsets = tile.offsets()
    // An odd number of cache lines, with room for two vectors past the end.
    pitch = (strip / 16 | 1) * 16 + 32
    // Whole windows, where they are not themselves long.
    let taps = vertical.taps * horizontal.taps
    let blocks = (convolution.depth + Self.mostBlockDepth - 1) / Self.mostBlockDepth
    let wanted = (convolution.depth + blocks - 1) / blocks
    blockDepth = taps <= Self.mostBlockDepth / 4 ? (wanted + taps - 1) / taps * taps : wanted
    let (length, pitch) = (blockDepth, pitch)
    offsets = AlignedArray(count: length) { base in
      for k in 0..<length { base[k] = k * pitch }
    }
  }

  func run(
    input: UnsafePointer<Float>, batch: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    let units = batch * outSheets * convolution.groups * strips
    let work =
      Double(batch) * Double(outSheets) * Double(positions) * Double(convolution.outChannels)
      * Double(convolution.depth)
    let nanoseconds = convolution.variant.nanoseconds(multiplyAdds: work)
    let all = 0..<weights.panels.count
    let fits = convolution.depth * pitch <= Self.mostWords
    guard units < Self.fewUnits, all.count > 1, fits else {
      return ThreadPool.current.forEachTile(units, nanoseconds: nanoseconds) { index in
        let unit = Unit(index, self)
        Scratch.with(Float.self, count: blockDepth * pitch) { patches in
          forEachBlock { block in
            gather(block, unit, input: input, patches)
            multiply(block, all, unit, patches, residual: residual, output: output)
          }
        }
      }
    }
    // Strips are too few for threads: all of a strip is gathered, then out channels are shared.
    let shares = min(all.count, Self.mostShares)
    let perShare = (all.count + shares - 1) / shares
    for index in 0..<units {
      let unit = Unit(index, self)
      Scratch.with(Float.self, count: convolution.depth * pitch) { patches in
        let pieces = 2 * Self.fewUnits
        let taps = convolution.vertical.taps * convolution.horizontal.taps
        let length = (convolution.depth / taps + pieces - 1) / pieces * taps
        ThreadPool.current.forEachTile(pieces, nanoseconds: nanoseconds / Double(units)) { piece in
          let first = piece * length
          guard first < convolution.depth else { return }
          let part = first..<min(first + length, convolution.depth)
          gather(part, unit, input: input, patches + part.lowerBound * pitch)
        }
        ThreadPool.current.forEachTile(shares, nanoseconds: nanoseconds / Double(units)) { share in
          let panels = min(share * perShare, all.count)..<min((share + 1) * perShare, all.count)
          guard !panels.isEmpty else { return }
          forEachBlock { block in
            multiply(
              block, panels, unit, patches + block.lowerBound * pitch, residual: residual,
              output: output)
          }
        }
      }
    }
  }

  /// A strip of one sheet of results of one group in one image.
  private struct Unit {
    /// The first result, its row and column, how many there are, and the rows they are in.
    var first: Int, row: Int, column: Int, count: Int, rows: Int
    var sheet: Int
    /// The group, and the same counted through all images.
    var group: Int, place: Int

    init(_ index: Int, _ work: GatheredConvolution) {
      let (rest, own) = index.quotientAndRemainder(dividingBy: work.strips)
      if work.stripsPerRow == 0 {
        first = own * work.strip
        count = min(work.strip, work.positions - first)
        (row, column) = first.quotientAndRemainder(dividingBy: work.outWidth)
        rows = (column + count - 1) / work.outWidth + 1
      } else {
        row = own / work.stripsPerRow
        column = own % work.stripsPerRow * work.strip
        first = row * work.outWidth + column
        (count, rows) = (min(work.strip, work.outWidth - column), 1)
      }
      (place, sheet) = rest.quotientAndRemainder(dividingBy: work.outSheets)
      group = place % work.convolution.groups
    }
  }

  /// Calls `body` for each part of the sum.
  private func forEachBlock(_ body: (Range<Int>) -> Void) {
    for start in stride(from: 0, to: convolution.depth, by: blockDepth) {
      body(start..<min(start + blockDepth, convolution.depth))
    }
  }

  private func multiply(
    _ block: Range<Int>, _ panels: Range<Int>, _ unit: Unit, _ patches: UnsafePointer<Float>,
    residual: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>
  ) {
    let kernels = convolution.variant.table
    let plane = outSheets * positions
    var epilogue = squall_epilogue()
    if block.upperBound == convolution.depth { epilogue = convolution.activation.epilogue }
    epilogue.accumulate = block.lowerBound > 0
    weights.withPiece(depth: block.count) { piece in
      for index in panels {
        let panel = weights.panels[index]
        let channel = unit.place * convolution.groupOutChannels + panel.firstRow
        let place = channel * plane + unit.sheet * positions + unit.first
        // At the start, because it may lie where the result goes.
        let residual = block.lowerBound == 0 ? residual.map { $0 + place } : nil
        kernels.pointee.f32_igemm(
          panel.rows, panel.height, unit.count, block.count,
          weights.pointer(
            group: unit.group, panel, from: block.lowerBound, block.count, in: piece),
          patches, offsets.base, output + place, plane, residual, plane, true, &epilogue)
      }
    }
  }

  /// Gathers what a part of the sum sees: each channel's rows are sorted by phases of the strides, and
  /// then taken for each tap.
  private func gather(
    _ part: Range<Int>, _ unit: Unit, input: UnsafePointer<Float>,
    _ patches: UnsafeMutablePointer<Float>
  ) {
    let kernels = convolution.variant.table
    let window = convolution.sheets
    let taps = convolution.vertical.taps * convolution.horizontal.taps
    let firstChannel = unit.place * convolution.groupInChannels
    let image = height * width
    // A strip of a long row is a tile of its own; others are whole rows.
    let isPart = stripsPerRow > 0
    let columns = isPart ? unit.count : outWidth
    Scratch.with(Float.self, count: tile.floatCount) { seen in
      var k = part.lowerBound
      while k < part.upperBound {
        let (plane, tap) = k.quotientAndRemainder(dividingBy: taps)
        let some = min(taps - tap, part.upperBound - k)
        let place =
          unit.sheet * window.stride - window.before + plane % window.taps * window.dilation
        let channel = firstChannel + plane / window.taps
        let source =
          place >= 0 && place < sheets
          ? input + (channel * sheets + place) * image : nil
        tile.fill(
          seen, height: height, width: width, top: unit.row, left: isPart ? unit.column : 0,
          rows: unit.rows, columns: columns, padding: 0, kernels
        ) { _ in source }
        kernels.pointee.f32_join_rows(
          some, tapOffsets.base + tap, columns, isPart ? 0 : unit.column, unit.count, seen,
          tile.pitch, patches + (k - part.lowerBound) * pitch, pitch)
        k += some
      }
    }
  }
}
