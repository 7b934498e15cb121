// Room: Tensors. Depthwise convolution: each output channel is one input channel, filtered.

internal import CVectorKernels

struct DepthwiseConvolution: Sendable {
  private let convolution: ConvolutionCore
  private let weights: PackedPanels<Float>
  private let height: Int, width: Int, outHeight: Int, outWidth: Int
  private let tile: ConvolutionTile
  private let offsets: AlignedArray<Int>
  private let rowBlocks: Int

  /// - Parameter block: How many rows and columns of output are computed together at most; by default
  ///   as many rows as stay in the first cache.
  init(
    _ convolution: ConvolutionCore, height: Int, width: Int, outHeight: Int, outWidth: Int,
    block: (rows: Int, columns: Int)? = nil
  ) {
    self.convolution = convolution
    weights = convolution.weights.panels
    (self.height, self.width) = (height, width)
    (self.outHeight, self.outWidth) = (outHeight, outWidth)
    // A plane's rows stay in the first caches from the copy to the last tap.
    let rowsWanted = block?.rows ?? max(4, (16 << 10) / max(outWidth, 1))
    rowBlocks = (outHeight + rowsWanted - 1) / rowsWanted
    tile = ConvolutionTile(
      convolution.vertical, convolution.horizontal, channels: 1,
      rows: (outHeight + rowBlocks - 1) / rowBlocks, columns: block?.columns ?? outWidth)
    offsets = tile.offsets()
  }

  func run(
    input: UnsafePointer<Float>, batch: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    let tiles = batch * convolution.inChannels * rowBlocks
    let outputs =
      Double(batch) * Double(outHeight) * Double(outWidth) * Double(convolution.outChannels)
    let nanoseconds =
      3 * convolution.variant.nanoseconds(multiplyAdds: outputs * Double(convolution.depth))
    let plane = outHeight * outWidth
    ThreadPool.current.forEachTile(tiles, nanoseconds: nanoseconds) { index in
      let top = index % rowBlocks * tile.rows
      let channel = index / rowBlocks
      let place = channel * convolution.groupOutChannels * plane + top * outWidth
      compute(
        channel % convolution.inChannels, top: top, left: 0,
        input: input + channel * height * width, residual: residual.map { $0 + place },
        output: output + place, pitch: outWidth, plane: plane)
    }
  }

  /// Whether the taps of neighbouring outputs are neighbours both ways.
  private var isPlain: Bool {
    // Tiles so small that each tap has rows of its own are left to the general kernel.
    let wide = convolution.horizontal.taps
    return convolution.vertical.taps >= 3
      && (0..<convolution.depth).allSatisfy {
        offsets.base[$0] == $0 / wide * tile.pitch + $0 % wide
      }
  }

  /// Computes a block of what comes of one input channel.
  ///
  /// - Parameters:
  ///   - top: The block's first row.
  ///   - left: The block's first column.
  ///   - input: The channel's plane.
  ///   - output: Where the block's first element goes, and in `residual` comes from; the next row lies
  ///     `pitch` further on, the next result's block `plane`.
  func compute(
    _ channel: Int, top: Int, left: Int, input: UnsafePointer<Float>,
    residual: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>, pitch: Int, plane: Int
  ) {
    let (rows, columns) = (min(tile.rows, outHeight - top), min(tile.columns, outWidth - left))
    guard rows > 0, columns > 0 else { return }
    let kernels = convolution.variant.table
    var epilogue = convolution.activation.epilogue
    let (high, wide) = (convolution.vertical.taps, convolution.horizontal.taps)
    let isPlain = isPlain
    Scratch.with(Float.self, count: tile.floatCount) { scratch in
      tile.fill(
        scratch, height: height, width: width, top: top, left: left, rows: rows, columns: columns,
        padding: 0, kernels
      ) { _ in input }
      for panel in weights.panels {
        let packed = weights.pointer(group: channel, panel)
        Scratch.with(Float.self, count: convolution.depth) { taps in
          for row in 0..<panel.rows {
            for k in 0..<convolution.depth { taps[k] = packed[(k + 1) * panel.height + row] }
            let place = (panel.firstRow + row) * plane
            if isPlain, high == 3, wide == 3 {
              kernels.pointee.f32_depthwise_3x3(
                rows, columns, taps, packed[row], scratch, tile.pitch, output + place, pitch,
                residual.map { $0 + place }, pitch, &epilogue)
              continue
            }
            if isPlain, high > 3 {
              kernels.pointee.f32_depthwise_rows(
                high, wide, rows, columns, taps, packed[row], scratch, tile.pitch, output + place,
                pitch, residual.map { $0 + place }, pitch, &epilogue)
              continue
            }
            for y in 0..<rows {
              let line = place + y * pitch
              kernels.pointee.f32_depthwise(
                columns, convolution.depth, taps, packed[row], scratch + y * tile.pitch,
                offsets.base, output + line, residual.map { $0 + line }, &epilogue)
            }
          }
        }
      }
    }
  }
}
