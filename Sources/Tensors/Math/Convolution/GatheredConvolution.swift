// Room: Tensors. Convolution as a product with patches: for strides, and for images of few positions.

internal import CVectorKernels

/// A convolution whose results are counted through rows: vectors of them are full however short rows
/// are. What each tap sees of a strip of results is gathered, a part of the sum at a time, and all
/// out channels are computed from it while it is in the second cache.
struct GatheredConvolution: Sendable {
  private let convolution: ConvolutionCore
  private let weights: PackedPanels<Float>
  private let sheets: Int, outSheets: Int, positions: Int
  private let shape: squall_patches
  /// Results of one strip, strips of a sheet, and floats from one tap's line to the next.
  private let strip: Int, strips: Int, pitch: Int
  /// So much of a sum at a time.
  private let blockDepth: Int
  private let offsets: AlignedArray<Int>

  private static let mostPositions = 192
  private static let mostBlockDepth = 512
  /// With fewer strips, threads share out channels, in so many shares at most.
  private static let fewUnits = 4, mostShares = 8
  /// Nor is a whole strip gathered where that takes more floats.
  private static let mostWords = 4 << 20
  /// What gathering a vector takes, in vector multiply-adds, and what is lost at a row's end.
  private static let gatherCost = 8.0, rowCost = 20.0

  /// Nil where tiles of the image are the faster.
  init?(_ convolution: ConvolutionCore, size: [Int], outSize: [Int]) {
    guard outSize.allSatisfy({ $0 > 0 }),
      Self.isFaster(convolution, height: outSize[1], width: outSize[2])
    else { return nil }
    self.convolution = convolution
    weights = convolution.weights.panels
    (sheets, outSheets) = (size[0], outSize[0])
    positions = outSize[1] * outSize[2]
    let (vertical, horizontal) = (convolution.vertical, convolution.horizontal)
    shape = squall_patches(
      height: size[1], width: size[2], columns: outSize[2], taps_x: horizontal.taps,
      stride_y: vertical.stride, stride_x: horizontal.stride, dilation_y: vertical.dilation,
      dilation_x: horizontal.dilation, top: vertical.before, left: horizontal.before)
    let count = (positions + Self.mostPositions - 1) / Self.mostPositions
    strip = ((positions + count - 1) / count + 15) / 16 * 16
    strips = (positions + strip - 1) / strip
    // An odd number of cache lines, with room for a vector past the end.
    pitch = (strip / 16 | 1) * 16 + 32
    let blocks = (convolution.depth + Self.mostBlockDepth - 1) / Self.mostBlockDepth
    blockDepth = (convolution.depth + blocks - 1) / blocks
    let (length, pitch) = (blockDepth, pitch)
    offsets = AlignedArray(count: length) { base in
      for k in 0..<length { base[k] = k * pitch }
    }
  }

  private static func isFaster(_ convolution: ConvolutionCore, height: Int, width: Int) -> Bool {
    let (vertical, horizontal) = (convolution.vertical, convolution.horizontal)
    guard vertical.taps < 1 << 16, horizontal.taps < 1 << 16, convolution.depth < 1 << 24
    else { return false }
    let vectors = Double((height * width + 15) / 16)
    let rows = Double(convolution.groupOutChannels)
    let gathered = vectors * (rows + gatherCost) + rowCost * Double(height)
    // A tile's rows, one by one or joined with what lies between them. A vector alone is slower than
    // one of three.
    let gap = horizontal.reach / horizontal.stride
    let separate = Double(height) * (Double((width + 15) / 16) + (width % 48 <= 16 ? 0.4 : 0))
    let joined = Double((height * (width + gap) + 15) / 16)
    // Bands of every stride-th value are copied once for all taps that see them.
    let bands = Double(vertical.stride * horizontal.stride)
    let copies =
      bands / Double(vertical.taps * horizontal.taps) * (vectors * 8 + 40 * Double(height))
    // Joined rows go through scratch once more.
    let finishing = Double(height) * rows * 30 / Double(convolution.depth)
    return gathered < min(separate * rows, joined * rows + finishing) + copies
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
        let length = (convolution.depth + pieces - 1) / pieces
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
    var first: Int, count: Int, sheet: Int
    /// The group, and the same counted through all images.
    var group: Int, place: Int

    init(_ index: Int, _ work: GatheredConvolution) {
      first = index % work.strips * work.strip
      count = min(work.strip, work.positions - first)
      sheet = index / work.strips % work.outSheets
      place = index / (work.strips * work.outSheets)
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
    for index in panels {
      let panel = weights.panels[index]
      let channel = unit.place * convolution.groupOutChannels + panel.firstRow
      let place = channel * plane + unit.sheet * positions + unit.first
      // At the start, because it may lie where the result goes.
      let residual = block.lowerBound == 0 ? residual.map { $0 + place } : nil
      kernels.pointee.f32_igemm(
        panel.rows, panel.height, unit.count, block.count,
        weights.pointer(group: unit.group, panel) + block.lowerBound * panel.height, patches,
        offsets.base, output + place, plane, residual, plane, true, &epilogue)
    }
  }

  /// Gathers what a part of the sum sees.
  private func gather(
    _ part: Range<Int>, _ unit: Unit, input: UnsafePointer<Float>,
    _ patches: UnsafeMutablePointer<Float>
  ) {
    let kernels = convolution.variant.table
    let window = convolution.sheets
    let taps = convolution.vertical.taps * convolution.horizontal.taps
    let firstChannel = unit.place * convolution.groupInChannels
    var shape = shape
    let image = shape.height * shape.width
    let (sheets, pitch) = (sheets, pitch)
    var k = part.lowerBound
    while k < part.upperBound {
      let (plane, tap) = k.quotientAndRemainder(dividingBy: taps)
      let some = min(taps - tap, part.upperBound - k)
      let place = unit.sheet * window.stride - window.before + plane % window.taps * window.dilation
      let channel = firstChannel + plane / window.taps
      let source =
        place >= 0 && place < sheets
        ? input + (channel * sheets + place) * image : nil
      kernels.pointee.f32_patches(
        &shape, source, tap, some, unit.first, unit.count,
        patches + (k - part.lowerBound) * pitch, pitch)
      k += some
    }
  }
}
