// Room: Tensors. Convolution by Winograd's way: transforms, and few products instead of many.

internal import CVectorKernels

/// A convolution without stride, in tiles of `side` × `side` results and windows of 3 × 3 taps.
///
/// Tiles are counted through rows, phases (where there is dilation), sheets and images. A piece of
/// them goes through three steps in one thread's scratch memory: the values of all its input channels
/// at the points of interpolation, for each point a product over the channels, and from these the
/// results.
///
/// **Source**: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2016).
final class WinogradConvolution: Sendable {
  let convolution: ConvolutionCore
  let weights: WinogradWeights
  private let making: WinogradWeights.Making
  private let sheets: Int, outSheets: Int
  private let shape: squall_winograd
  private let side: Int
  private let cut: WinogradCut
  /// Planes of tiles, the windows of each in channel, and what stands for in channels in the product.
  let planes: Int, depth: Int
  /// Tiles of one plane.
  let tiles: Int
  /// The most tiles that a piece has, and floats from one channel of them to the next.
  let mostTiles: Int, pitch: Int
  /// Panels of weights whose results are kept until they are transformed.
  let panelsAtOnce: Int
  /// Whether whoever computes a group's tiles makes its weights, too.
  private let byGroups: Bool
  /// Where each in channel of a block lies.
  private let offsets: AlignedArray<Int>

  /// Scratch memory of a thread, in floats, unless channels are many.
  private static let scratchWords = 1 << 19
  /// Weights that stay in the last cache, in floats.
  private static let cachedWords = 4 << 20
  /// In channels that are summed up at a time at most, few enough for a strip of tiles to stay in the
  /// first cache.
  private static let blockDepth = 128
  /// Results of so many panels at once.
  private static let panelsWanted = 16
  /// Groups among which a handful of threads share the work.
  private static let leastGroups = 4

  /// Nil where another route is faster.
  init?(_ convolution: ConvolutionCore, size: [Int], outSize: [Int]) {
    guard let side = WinogradCost(convolution, outSize: outSize)?.best,
      let cut = WinogradCut(convolution, outSize: outSize)
    else { return nil }
    let phase = cut.phaseSize(outSize)
    let columns = (phase[1] + side - 1) / side
    let tiles = (phase[0] + side - 1) / side * columns
    let planes = outSize[0] * cut.phaseCount
    guard
      let (weights, making) = convolution.weights.winograd(side: side, cut, tiles: planes * tiles)
    else { return nil }
    self.convolution = convolution
    (self.weights, self.making) = (weights, making)
    self.side = side
    self.cut = cut
    (sheets, outSheets) = (size[0], outSize[0])
    (self.planes, self.tiles) = (planes, tiles)
    depth = convolution.groupInSheets * cut.windowCount
    shape = squall_winograd(
      m: side, columns: columns, height: size[1], width: size[2],
      top: cut.vertical.before, left: cut.horizontal.before,
      out_height: outSize[1], out_width: outSize[2], step_y: cut.vertical.step,
      step_x: cut.horizontal.step, phase_y: 0, phase_x: 0)
    let panelRows = convolution.variant.panelRows
    let panelCount = (convolution.groupOutChannels + panelRows - 1) / panelRows
    panelsAtOnce = min(panelCount, Self.panelsWanted)
    let channels = depth + panelsAtOnce * panelRows
    // More tiles share weights that no cache holds.
    let weightWords = weights.points * depth * convolution.groupOutChannels
    let least = weightWords > Self.cachedWords ? 96 : 48
    let fitting = min(max(Self.scratchWords / (weights.points * channels) / 48 * 48, least), 192)
    let needed = (planes * tiles + 47) / 48 * 48
    byGroups = making == .byChannels && convolution.groups >= Self.leastGroups
    mostTiles =
      byGroups ? min(192, needed) : making == .byChannels ? min(fitting, needed) : fitting
    let lanes = convolution.variant.lanes
    // An odd number of cache lines, and room for a vector that begins at the last tile.
    pitch = ((mostTiles + lanes + 15) / 16 | 1) * 16
    let pitch = pitch
    offsets = AlignedArray(count: Self.blockDepth) { base in
      for k in 0..<Self.blockDepth { base[k] = k * pitch }
    }
  }

  /// The floats of working memory that a run over `batch` images needs; nil where they overflow.
  func scratchWords(batch: Int) -> Int? {
    switch making {
    case .once: return 0
    case .inEachRun: return weights.words
    case .byChannels where byGroups: return 0
    case .byChannels:
      let pieces = imagesAtOnce(batch) * planes * tiles / piece(of: imagesAtOnce(batch)) + 1
      let (words, overflow) = inWords.multipliedReportingOverflow(by: pieces * convolution.groups)
      return overflow ? nil : words
    }
  }

  /// - Parameter scratch: `scratchWords(batch:)` floats.
  func run(
    input: UnsafePointer<Float>, batch: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    if making == .byChannels, !byGroups {
      let places = Places(input: input, residual: residual, output: output)
      return runByChannels(places, batch: batch, scratch)
    }
    if making == .inEachRun { weights.makeAll(scratch) }
    let all = batch * planes * tiles
    // Pieces enough for a handful of threads, each long enough for the product to run at full speed.
    let wanted = byGroups ? mostTiles : min(max((all / 8 + 15) / 16 * 16, 32), mostTiles)
    let pieces = (all + wanted - 1) / wanted
    let piece = ((all + pieces - 1) / max(pieces, 1) + 15) / 16 * 16
    // Where there are too few, threads share the out channels, each transforming the input for
    // itself.
    let panelCount = weights.cut.panels.count
    let units = pieces * convolution.groups
    let shares = min(max(1, 4 / max(units, 1)), max(1, panelCount / 8))
    let panelsPerShare = (panelCount + shares - 1) / shares
    let work =
      Double(all) * Double(weights.points) * Double(convolution.outChannels)
      * Double(depth)
    ThreadPool.current.forEachTile(
      units * shares, nanoseconds: convolution.variant.nanoseconds(multiplyAdds: work)
    ) { index in
      let share = index % shares
      let group = index / shares % convolution.groups
      let first = index / (shares * convolution.groups) * piece
      let panels = share * panelsPerShare..<min((share + 1) * panelsPerShare, panelCount)
      guard first < all, !panels.isEmpty else { return }
      let part = Part(
        group: group, first: first, count: min(piece, all - first), panels: panels,
        matrices: weights.matrices(group, scratch))
      runPart(part, input: input, residual: residual, output: output)
    }
  }

  /// What one thread does at a time: some tiles of one group, for some of the out channels.
  struct Part {
    var group: Int, first: Int, count: Int
    var panels: Range<Int>
    /// Where the weights lie.
    var matrices: WinogradWeights.Matrices
  }

  private func runPart(
    _ part: Part, input: UnsafePointer<Float>, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    let points = weights.points
    let panelsAtOnce = byGroups ? expandedPanels : panelsAtOnce
    let outStride = outStride(panels: panelsAtOnce)
    let expanded = byGroups ? weights.words(0..<panelsAtOnce) : 0
    let total = points * (inStride + outStride) + expanded + line + staged
    Scratch.with(Float.self, count: total) { scratch in
      let products = scratch + points * inStride
      let own = products + points * outStride
      let stage = own + expanded
      var part = part
      transformInput(
        part, input, channels: 0..<depth, line: stage + staged, stage: stage, scratch)
      for first in stride(
        from: part.panels.lowerBound, to: part.panels.upperBound, by: panelsAtOnce)
      {
        let panels = first..<min(first + panelsAtOnce, part.panels.upperBound)
        if byGroups { part.matrices = weights.make(part.group, panels, in: own) }
        multiply(part, panels, scratch, products, stride: outStride)
        transformOutput(
          part, panels, products, stride: outStride, stage: stage, residual: residual,
          output: output)
      }
    }
  }

  // Points an odd number of cache lines apart too.

  /// Floats from one point of all in channels to the next.
  var inStride: Int { (depth * pitch / 16 | 1) * 16 }
  /// The same of the out channels of some panels.
  func outStride(panels: Int) -> Int {
    (panels * convolution.variant.panelRows * pitch / 16 | 1) * 16
  }
  /// Floats of a piece's in channels at all points.
  var inWords: Int { weights.points * inStride }
  /// Floats beside those: lines of an image, and one channel at all points.
  var line: Int { side * (2 * pitch + 32) + 64 }
  var staged: Int { max(weights.points, side * side) * pitch + 64 }

  /// Tiles that lie beside each other in one plane.
  private struct Run {
    /// The sheet, counted through all images, and the first row and column of its phase.
    var sheet: Int, phase: (y: Int, x: Int)
    /// The first tile, how many there are, and which of the part's they are.
    var first: Int, count: Int, place: Int
  }

  /// Calls `body` for each plane that the part has tiles of.
  @inline(__always)
  private func forEachRun(of part: Part, _ body: (Run) -> Void) {
    var place = 0
    while place < part.count {
      let (plane, first) = (part.first + place).quotientAndRemainder(dividingBy: tiles)
      let (sheet, phase) = plane.quotientAndRemainder(dividingBy: cut.phaseCount)
      let count = min(tiles - first, part.count - place)
      body(
        Run(
          sheet: sheet, phase: (phase / cut.horizontal.step, phase % cut.horizontal.step),
          first: first, count: count, place: place))
      place += count
    }
  }

  func transformInput(
    _ part: Part, _ input: UnsafePointer<Float>, channels: Range<Int>,
    line: UnsafeMutablePointer<Float>, stage: UnsafeMutablePointer<Float>,
    _ target: UnsafeMutablePointer<Float>
  ) {
    let kernels = convolution.variant.table
    let sheetWindow = convolution.sheets
    let plane = shape.height * shape.width
    var shape = shape
    for index in channels {
      let (piece, channel) = index.quotientAndRemainder(dividingBy: convolution.groupInSheets)
      let window = weights.windows[piece]
      forEachRun(of: part) { run in
        let (image, outSheet) = run.sheet.quotientAndRemainder(dividingBy: outSheets)
        let inSheet =
          outSheet * sheetWindow.stride - sheetWindow.before
          + channel % sheetWindow.taps * sheetWindow.dilation
        let whole =
          image * convolution.inChannels + part.group * convolution.groupInChannels
          + channel / sheetWindow.taps
        let source =
          inSheet >= 0 && inSheet < sheets ? input + (whole * sheets + inSheet) * plane : nil
        shape.top = cut.vertical.before - run.phase.y - 3 * window.y * cut.vertical.step
        shape.left = cut.horizontal.before - run.phase.x - 3 * window.x * cut.horizontal.step
        kernels.pointee.f32_winograd_split(
          &shape, source, run.first, run.count, line, stage + run.place, pitch)
      }
      kernels.pointee.f32_winograd_in(
        side, part.count, stage, pitch, target + index * pitch, inStride)
    }
  }

  func multiply(
    _ part: Part, _ panels: Range<Int>, _ source: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>, stride outStride: Int
  ) {
    let kernels = convolution.variant.table
    for point in 0..<weights.points {
      let sum = weights.sums[point]
      let blocks = max(1, (sum.count + Self.blockDepth - 1) / Self.blockDepth)
      let most = (sum.count + blocks - 1) / blocks
      for block in 0..<blocks {
        let first = sum.lowerBound + block * most
        var epilogue = squall_epilogue()
        epilogue.accumulate = block > 0
        epilogue.from_zero = true
        for index in panels {
          let panel = weights.cut.panels[index]
          let row = (index - panels.lowerBound) * convolution.variant.panelRows
          kernels.pointee.f32_igemm(
            panel.rows, panel.height, part.count, min(most, sum.upperBound - first),
            part.matrices.panel(panel, point: point, from: first),
            source + point * inStride + first * pitch, offsets.base,
            target + point * outStride + row * pitch, pitch, nil, 0, true, &epilogue)
        }
      }
    }
  }

  func transformOutput(
    _ part: Part, _ panels: Range<Int>, _ source: UnsafePointer<Float>, stride: Int,
    stage: UnsafeMutablePointer<Float>, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    let kernels = convolution.variant.table
    var epilogue = convolution.activation.epilogue
    var shape = shape
    let plane = shape.out_height * shape.out_width
    let panelRows = convolution.variant.panelRows
    let firstRow = panels.lowerBound * panelRows
    let endRow = min(panels.upperBound * panelRows, convolution.groupOutChannels)
    for row in firstRow..<endRow {
      let channel = part.group * convolution.groupOutChannels + row
      kernels.pointee.f32_winograd_out(
        side, part.count, source + (row - firstRow) * pitch, stride, weights.bias[channel], stage,
        side * pitch)
      forEachRun(of: part) { run in
        let (image, outSheet) = run.sheet.quotientAndRemainder(dividingBy: outSheets)
        let start = ((image * convolution.outChannels + channel) * outSheets + outSheet) * plane
        (shape.phase_y, shape.phase_x) = (run.phase.y, run.phase.x)
        kernels.pointee.f32_winograd_join(
          &shape, run.first, run.count, stage + side * run.place, side * pitch,
          residual.map { $0 + start }, output + start, &epilogue)
      }
    }
  }
}
