// Room: Tensors. The general convolution: tiles of padded input in scratch, an indirect product.

internal import CVectorKernels

struct TiledConvolution: Sendable {
  private let convolution: ConvolutionCore
  private let sheets: Int, height: Int, width: Int
  private let outSheets: Int, outHeight: Int, outWidth: Int
  private let layout: OutputLayout
  private let tile: ConvolutionTile
  private let offsets: AlignedArray<Int>
  private let rowBlocks: Int, columnBlocks: Int, panelsPerTile: Int, panelBlocks: Int
  /// Whether a tile's rows are computed as one long row.
  private let isFlat: Bool

  /// A tile's input should fit the second cache beside a panel of weights.
  private static let scratchFloats = 96 << 10
  /// As many tiles as keep a handful of threads evenly busy.
  private static let wantedTiles = 16

  /// Lays out results of `outSize` (sheets, rows, columns) of images of `size`, to be written as
  /// `layout` says.
  init(
    _ convolution: ConvolutionCore, size: [Int], outSize: [Int], layout: OutputLayout? = nil
  ) {
    self.layout = layout ?? OutputLayout(size: outSize)
    self.convolution = convolution
    (sheets, height, width) = (size[0], size[1], size[2])
    let (outSheets, outHeight, outWidth) = (outSize[0], outSize[1], outSize[2])
    (self.outSheets, self.outHeight, self.outWidth) = (outSheets, outHeight, outWidth)
    let variant = convolution.variant
    let (vertical, horizontal) = (convolution.vertical, convolution.horizontal)
    let channels = convolution.groupInSheets
    func arranged(_ rows: Int, _ columns: Int) -> ConvolutionTile {
      ConvolutionTile(vertical, horizontal, channels: channels, rows: rows, columns: columns)
    }
    // Narrower tiles only where one output row needs more than the cache has.
    let tileWidth = variant.lanes * variant.tileVectors
    var columns = outWidth
    while columns > 4 * tileWidth, arranged(1, columns).floatCount > Self.scratchFloats * 3 / 2 {
      columns = (columns / 2 + tileWidth - 1) / tileWidth * tileWidth
    }
    columnBlocks = (outWidth + columns - 1) / columns
    // As many rows as fit, fewer where that leaves too few tiles, but enough to be worth the rows
    // that neighbouring tiles both copy.
    var low = 1
    var high = outHeight
    while low < high {
      let middle = (low + high + 1) / 2
      if arranged(middle, columns).floatCount <= Self.scratchFloats {
        low = middle
      } else {
        high = middle - 1
      }
    }
    let enough = max(1, 2 * vertical.reach / vertical.stride)
    let balanced = (outHeight * columnBlocks * outSheets * convolution.groups) / Self.wantedTiles
    let rowsWanted = min(low, max(enough, balanced))
    rowBlocks = (outHeight + rowsWanted - 1) / rowsWanted
    let rows = (outHeight + rowBlocks - 1) / rowBlocks
    tile = arranged(rows, columns)
    offsets = tile.offsets()
    let tiles = rowBlocks * columnBlocks * outSheets * convolution.groups
    let panels = convolution.panels.panels.count
    let split = min(panels, max(1, (Self.wantedTiles + tiles - 1) / tiles))
    panelsPerTile = (panels + split - 1) / split
    panelBlocks = (panels + panelsPerTile - 1) / panelsPerTile
    let lanes = variant.lanes
    let separate = rows * ((columns + lanes - 1) / lanes)
    let joined = ((rows - 1) * tile.pitch + columns + lanes - 1) / lanes
    // The long row goes through scratch once more: worth about three steps of the sum.
    isFlat =
      self.layout.column > 1
      || rows > 1
        && Double(joined) * (1 + 3 / Double(convolution.depth)) < Double(separate)
  }

  func run(
    input: UnsafePointer<Float>, batch: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    let tiles = batch * outSheets * convolution.groups * rowBlocks * columnBlocks * panelBlocks
    let work =
      Double(batch) * Double(outSheets) * Double(outHeight) * Double(outWidth)
      * Double(convolution.outChannels) * Double(convolution.depth)
    let nanoseconds = convolution.variant.nanoseconds(multiplyAdds: work)
    ThreadPool.current.forEachTile(tiles, nanoseconds: nanoseconds) { index in
      runTile(index, input: input, residual: residual, output: output)
    }
  }

  private func runTile(
    _ index: Int, input: UnsafePointer<Float>, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    var rest = index
    func next(_ count: Int) -> Int {
      defer { rest /= count }
      return rest % count
    }
    let panelBlock = next(panelBlocks)
    let left = next(columnBlocks) * tile.columns
    let top = next(rowBlocks) * tile.rows
    let sheet = next(outSheets)
    let group = next(convolution.groups)
    let image = rest
    guard top < outHeight, left < outWidth else { return }
    let rows = min(tile.rows, outHeight - top)
    let columns = min(tile.columns, outWidth - left)
    let kernels = convolution.variant.table
    let panels = convolution.panels.panels
    let chosen = panelBlock * panelsPerTile..<min((panelBlock + 1) * panelsPerTile, panels.count)
    let firstChannel = image * convolution.inChannels + group * convolution.groupInChannels
    let (window, firstSheet) = (
      convolution.sheets, sheet * convolution.sheets.stride - convolution.sheets.before
    )
    Scratch.with(Float.self, count: tile.floatCount) { scratch in
      tile.fill(
        scratch, height: height, width: width, top: top, left: left, rows: rows, columns: columns,
        padding: 0, kernels
      ) { index in
        let place = firstSheet + index % window.taps * window.dilation
        guard place >= 0, place < sheets else { return nil }
        return input + ((firstChannel + index / window.taps) * sheets + place) * height * width
      }
      for panelIndex in chosen {
        let panel = panels[panelIndex]
        let channel =
          image * convolution.outChannels + group * convolution.groupOutChannels + panel.firstRow
        let corner =
          channel * layout.channel + layout.first + sheet * layout.sheet + top * layout.row
          + left * layout.column
        let block = Block(
          panel: panel, weights: convolution.panels.pointer(group: group, panel), rows: rows,
          columns: columns)
        if isFlat {
          runJoined(block, scratch, residual.map { $0 + corner }, output + corner)
        } else {
          runSeparate(block, scratch, residual.map { $0 + corner }, output + corner)
        }
      }
    }
  }

  private struct Block {
    var panel: PackedPanels.Panel
    var weights: UnsafePointer<Float>
    var rows: Int, columns: Int
  }

  private func runSeparate(
    _ block: Block, _ scratch: UnsafePointer<Float>, _ residual: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>
  ) {
    var epilogue = convolution.activation.epilogue
    for row in 0..<block.rows {
      convolution.variant.table.pointee.f32_igemm(
        block.panel.rows, block.panel.height, block.columns, convolution.depth, block.weights,
        scratch + row * tile.pitch, offsets.base, output + row * layout.row, layout.channel,
        residual.map { $0 + row * layout.row }, layout.channel, true, &epilogue)
    }
  }

  private func runJoined(
    _ block: Block, _ scratch: UnsafePointer<Float>, _ residual: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let kernels = convolution.variant.table
    var plain = squall_epilogue()
    var epilogue = convolution.activation.epilogue
    let length = (block.rows - 1) * tile.pitch + block.columns
    let stride = (length + 15) / 16 * 16
    Scratch.with(Float.self, count: stride * block.panel.rows) { joined in
      kernels.pointee.f32_igemm(
        block.panel.rows, block.panel.height, length, convolution.depth, block.weights, scratch,
        offsets.base, joined, stride, nil, 0, true, &plain)
      for channel in 0..<block.panel.rows {
        for row in 0..<block.rows {
          let source = joined + channel * stride + row * tile.pitch
          let place = channel * layout.channel + row * layout.row
          if layout.column == 1 {
            kernels.pointee.f32_finish(
              block.columns, source, residual.map { $0 + place }, output + place, &epilogue)
          } else {
            kernels.pointee.f32_finish(block.columns, source, nil, source, &epilogue)
            let target = output + place
            for x in 0..<block.columns { target[x &* layout.column] = source[x] }
          }
        }
      }
    }
  }
}
