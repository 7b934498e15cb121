// Room: Tensors. Depthwise convolution: each output channel is one input channel, filtered.

internal import CVectorKernels

struct DepthwiseConvolution: Sendable {
  private let convolution: ConvolutionCore
  private let weights: PackedPanels<Float>
  private let height: Int, width: Int, outHeight: Int, outWidth: Int
  private let tile: ConvolutionTile
  private let offsets: AlignedArray<Int>
  private let rowBlocks: Int

  init(_ convolution: ConvolutionCore, height: Int, width: Int, outHeight: Int, outWidth: Int) {
    self.convolution = convolution
    weights = convolution.weights.panels
    (self.height, self.width) = (height, width)
    (self.outHeight, self.outWidth) = (outHeight, outWidth)
    // A plane's rows stay in the first caches from the copy to the last tap.
    let rowsWanted = max(4, (16 << 10) / max(outWidth, 1))
    rowBlocks = (outHeight + rowsWanted - 1) / rowsWanted
    tile = ConvolutionTile(
      convolution.vertical, convolution.horizontal, channels: 1,
      rows: (outHeight + rowBlocks - 1) / rowBlocks, columns: outWidth)
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
    ThreadPool.current.forEachTile(tiles, nanoseconds: nanoseconds) { index in
      let top = index % rowBlocks * tile.rows
      let channel = index / rowBlocks
      runTile(channel, top: top, input: input, residual: residual, output: output)
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

  /// `channel` counts through the whole batch.
  private func runTile(
    _ channel: Int, top: Int, input: UnsafePointer<Float>, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    let rows = min(tile.rows, outHeight - top)
    guard rows > 0 else { return }
    let kernels = convolution.variant.table
    let multiplier = convolution.groupOutChannels
    let group = channel % convolution.inChannels
    var epilogue = convolution.activation.epilogue
    let (high, wide) = (convolution.vertical.taps, convolution.horizontal.taps)
    let isPlain = isPlain
    Scratch.with(Float.self, count: tile.floatCount) { scratch in
      tile.fill(
        scratch, height: height, width: width, top: top, left: 0, rows: rows, columns: outWidth,
        padding: 0, kernels
      ) { _ in input + channel * height * width }
      for panel in weights.panels {
        let packed = weights.pointer(group: group, panel)
        Scratch.with(Float.self, count: convolution.depth) { taps in
          for row in 0..<panel.rows {
            for k in 0..<convolution.depth { taps[k] = packed[(k + 1) * panel.height + row] }
            let plane = channel * multiplier + panel.firstRow + row
            let place = (plane * outHeight + top) * outWidth
            if isPlain, high == 3, wide == 3 {
              kernels.pointee.f32_depthwise_3x3(
                rows, outWidth, taps, packed[row], scratch, tile.pitch, output + place, outWidth,
                residual.map { $0 + place }, outWidth, &epilogue)
              continue
            }
            if isPlain, high > 3 {
              kernels.pointee.f32_depthwise_rows(
                high, wide, rows, outWidth, taps, packed[row], scratch, tile.pitch, output + place,
                outWidth, residual.map { $0 + place }, outWidth, &epilogue)
              continue
            }
            for y in 0..<rows {
              let line = place + y * outWidth
              kernels.pointee.f32_depthwise(
                outWidth, convolution.depth, taps, packed[row], scratch + y * tile.pitch,
                offsets.base, output + line, residual.map { $0 + line }, &epilogue)
            }
          }
        }
      }
    }
  }
}
