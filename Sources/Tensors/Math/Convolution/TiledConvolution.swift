// Room: Tensors. The general convolution: tiles of padded input in scratch, an indirect product.

internal import CVectorKernels

final class TiledConvolution: Sendable {
  private let convolution: ConvolutionCore
  private let weights: WeightPanels
  private let sheets: Int, height: Int, width: Int
  private let outSheets: Int, outHeight: Int, outWidth: Int
  private let layout: OutputLayout
  private let tiling: ConvolutionTiling
  /// Whether a tile's rows are computed as one long row.
  private let isFlat: Bool

  /// So much of a sum at a time that its weights stay in the first cache from row to row.
  private let blockDepth: Int
  private static let mostBlockDepth = 768

  /// Lays out results of `outSize` (sheets, rows, columns) of images of `size`, to be written as
  /// `layout` says.
  init(
    _ convolution: ConvolutionCore, size: [Int], outSize: [Int], layout: OutputLayout? = nil
  ) {
    self.layout = layout ?? OutputLayout(size: outSize)
    self.convolution = convolution
    weights = convolution.weights.panels
    (sheets, height, width) = (size[0], size[1], size[2])
    let (outSheets, outHeight, outWidth) = (outSize[0], outSize[1], outSize[2])
    (self.outSheets, self.outHeight, self.outWidth) = (outSheets, outHeight, outWidth)
    tiling = ConvolutionTiling(
      convolution.vertical, convolution.horizontal, channels: convolution.groupInSheets,
      outHeight: outHeight, outWidth: outWidth, sheets: outSheets * convolution.groups,
      panels: weights.panels.count, variant: convolution.variant)
    let blocks = (convolution.depth + Self.mostBlockDepth - 1) / Self.mostBlockDepth
    blockDepth = max(1, (convolution.depth + blocks - 1) / max(blocks, 1))
    let (separate, joined) = tiling.vectors(lanes: convolution.variant.lanes)
    // The long row goes through scratch once more: worth about three steps of the sum.
    isFlat =
      self.layout.column > 1
      || tiling.tile.rows > 1
        && (tiling.tile.pitch, self.layout.row) != (tiling.tile.columns, tiling.tile.columns)
        && Double(joined) * (1 + 3 / Double(convolution.depth)) < Double(separate)
  }

  func run(
    input: UnsafePointer<Float>, batch: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    let tiles = batch * outSheets * convolution.groups * tiling.count
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
    guard let place = tiling.place(index) else { return }
    let (tile, top, left) = (tiling.tile, place.top, place.left)
    let (rest, sheet) = place.sheet.quotientAndRemainder(dividingBy: outSheets)
    let (image, group) = rest.quotientAndRemainder(dividingBy: convolution.groups)
    let (rows, columns) = (place.rows, place.columns)
    let kernels = convolution.variant.table
    let panels = weights.panels
    let firstChannel = image * convolution.inChannels + group * convolution.groupInChannels
    let (window, firstSheet) = (
      convolution.sheets, sheet * convolution.sheets.stride - convolution.sheets.before
    )
    Scratch.with(Float.self, count: tile.floatCount) { scratch in
      tile.fill(
        scratch, height: height, width: width, top: top, left: left, rows: rows, columns: columns,
        padding: 0, kernels
      ) { index in
        let sheet = firstSheet + index % window.taps * window.dilation
        guard sheet >= 0, sheet < sheets else { return nil }
        return input + ((firstChannel + index / window.taps) * sheets + sheet) * height * width
      }
      for panelIndex in place.panels {
        let panel = panels[panelIndex]
        let channel =
          image * convolution.outChannels + group * convolution.groupOutChannels + panel.firstRow
        let corner =
          channel * layout.channel + layout.first + sheet * layout.sheet + top * layout.row
          + left * layout.column
        let block = Block(panel: panel, group: group, rows: rows, columns: columns)
        if isFlat {
          runJoined(block, scratch, residual.map { $0 + corner }, output + corner)
        } else {
          runSeparate(block, scratch, residual.map { $0 + corner }, output + corner)
        }
      }
    }
  }

  private struct Block {
    var panel: WeightPanels.Panel
    var group: Int
    var rows: Int, columns: Int
  }

  private func runSeparate(
    _ block: Block, _ scratch: UnsafePointer<Float>, _ residual: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>
  ) {
    // Without overlap and side by side in the result too, rows are one.
    let isOne = tiling.tile.pitch == block.columns && layout.row == block.columns
    let count = isOne ? block.rows * block.columns : block.columns
    weights.withPiece(depth: blockDepth) { piece in
      for first in stride(from: 0, to: convolution.depth, by: blockDepth) {
        let depth = min(blockDepth, convolution.depth - first)
        let panel = weights.pointer(
          group: block.group, block.panel, from: first, depth, in: piece)
        var epilogue = squall_epilogue()
        if first + depth == convolution.depth { epilogue = convolution.activation.epilogue }
        epilogue.accumulate = first > 0
        for row in 0..<(isOne ? 1 : block.rows) {
          // At the start, because it may lie where the result goes.
          let residual = first == 0 ? residual.map { $0 + row * layout.row } : nil
          convolution.variant.table.pointee.f32_igemm(
            block.panel.rows, block.panel.height, count, depth, panel,
            scratch + row * tiling.tile.pitch, tiling.offsets.base + first,
            output + row * layout.row, layout.channel, residual, layout.channel, true, &epilogue)
        }
      }
    }
  }

  private func runJoined(
    _ block: Block, _ scratch: UnsafePointer<Float>, _ residual: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let kernels = convolution.variant.table
    var plain = squall_epilogue()
    var epilogue = convolution.activation.epilogue
    let length = (block.rows - 1) * tiling.tile.pitch + block.columns
    let stride = (length + 15) / 16 * 16
    Scratch.with(Float.self, count: stride * block.panel.rows) { joined in
      weights.withPiece(depth: convolution.depth) { piece in
        kernels.pointee.f32_igemm(
          block.panel.rows, block.panel.height, length, convolution.depth,
          weights.pointer(group: block.group, block.panel, convolution.depth, in: piece), scratch,
          tiling.offsets.base, joined, stride, nil, 0, true, &plain)
      }
      for channel in 0..<block.panel.rows {
        for row in 0..<block.rows {
          let source = joined + channel * stride + row * tiling.tile.pitch
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
