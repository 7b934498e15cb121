// Room: Tensors. Convolution as a product with patches: for strides, and for images of few positions.

internal import CVectorKernels

/// A convolution whose results are counted through rows: vectors of them are full however short rows
/// are. What each tap sees of a strip of results is gathered, a part of the sum at a time, and all
/// out channels are computed from it while it is in the second cache: weights are read once for as
/// many results, however long the sum.
final class GatheredConvolution: Sendable {
  private let convolution: ConvolutionCore
  private let weights: WeightPanels
  private let outSheets: Int, positions: Int, outWidth: Int
  private let gathering: PatchGathering
  /// Results of one strip, strips of a sheet, and floats from one tap's line to the next. Strips are
  /// counted through rows, or along each where rows are longer.
  private let strip: Int, strips: Int, stripsPerRow: Int, pitch: Int
  /// So much of a sum at a time.
  private let blockDepth: Int
  private let offsets: AlignedArray<Int>

  private static let mostPositions = 192
  /// An image of little more is one strip.
  private static let fewPositions = 256
  private static let mostBlockDepth = 768
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
    outSheets = outSize[0]
    let (rows, columns) = (outSize[1], outSize[2])
    (positions, outWidth) = (rows * columns, columns)
    if columns < Self.mostPositions {
      let count =
        positions <= Self.fewPositions
        ? 1 : (positions + Self.mostPositions - 1) / Self.mostPositions
      strip = ((positions + count - 1) / count + 15) / 16 * 16
      strips = (positions + strip - 1) / strip
      stripsPerRow = 0
      gathering = PatchGathering(
        convolution, size: size, outWidth: columns,
        rows: min(rows, (strip + columns - 2) / columns + 1))
    } else {
      let count = (columns + Self.mostPositions - 1) / Self.mostPositions
      strip = ((columns + count - 1) / count + 15) / 16 * 16
      stripsPerRow = (columns + strip - 1) / strip
      strips = stripsPerRow * rows
      gathering = PatchGathering(
        convolution, size: size, outWidth: columns, rows: 1, columns: strip)
    }
    // An odd number of cache lines, with room for two vectors past the end.
    pitch = (strip / 16 | 1) * 16 + 32
    // Whole windows, where they are not themselves long.
    let taps = convolution.planarTaps
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
        let taps = convolution.planarTaps
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

  /// A strip of one group in one image.
  private struct Unit {
    var strip: ResultStrip
    /// The group, and the same counted through all images.
    var group: Int, place: Int

    init(_ index: Int, _ work: GatheredConvolution) {
      let (rest, own) = index.quotientAndRemainder(dividingBy: work.strips)
      let (place, sheet) = rest.quotientAndRemainder(dividingBy: work.outSheets)
      (self.place, group) = (place, place % work.convolution.groups)
      if work.stripsPerRow == 0 {
        let first = own * work.strip
        strip = ResultStrip(
          first: first, count: min(work.strip, work.positions - first), width: work.outWidth,
          sheet: sheet)
      } else {
        let (row, part) = own.quotientAndRemainder(dividingBy: work.stripsPerRow)
        let column = part * work.strip
        strip = ResultStrip(
          first: row * work.outWidth + column, count: min(work.strip, work.outWidth - column),
          width: work.outWidth, sheet: sheet)
      }
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
        let place = channel * plane + unit.strip.sheet * positions + unit.strip.first
        // At the start, because it may lie where the result goes.
        let residual = block.lowerBound == 0 ? residual.map { $0 + place } : nil
        kernels.pointee.f32_igemm(
          panel.rows, panel.height, unit.strip.count, block.count,
          weights.pointer(
            group: unit.group, panel, from: block.lowerBound, block.count, in: piece),
          patches, offsets.base, output + place, plane, residual, plane, true, &epilogue)
      }
    }
  }

  private func gather(
    _ part: Range<Int>, _ unit: Unit, input: UnsafePointer<Float>,
    _ patches: UnsafeMutablePointer<Float>
  ) {
    gathering.gather(
      part, unit.strip, firstChannel: unit.place * convolution.groupInChannels, input: input,
      patches, pitch: pitch)
  }
}
