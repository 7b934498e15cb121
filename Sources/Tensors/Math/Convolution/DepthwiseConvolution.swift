// Room: Tensors. Depthwise convolution: each output channel is one input channel, filtered.

internal import CVectorKernels

final class DepthwiseConvolution: Sendable {
  private let convolution: ConvolutionCore
  /// For each out channel the bias, then the taps: threads read them channel by channel, and would wait
  /// for each other where they counted references to whoever owns them.
  private let weights: AlignedArray<Float>
  private let height: Int, width: Int, outHeight: Int, outWidth: Int
  private let tile: ConvolutionTile
  private let offsets: AlignedArray<Int>
  private let rowBlocks: Int
  /// Whether a row's taps lie at the same steps wherever they are.
  private let isPlain: Bool

  /// - Parameter block: How many rows and columns of output are computed together at most; by default
  ///   as many rows as stay in the first cache.
  init(
    _ convolution: ConvolutionCore, height: Int, width: Int, outHeight: Int, outWidth: Int,
    block: (rows: Int, columns: Int)? = nil
  ) {
    self.convolution = convolution
    weights = Self.byChannel(convolution)
    (self.height, self.width) = (height, width)
    (self.outHeight, self.outWidth) = (outHeight, outWidth)
    // A plane's rows stay in the first caches from the copy to the last tap.
    let rowsWanted = block?.rows ?? max(4, (16 << 10) / max(outWidth, 1))
    rowBlocks = (outHeight + rowsWanted - 1) / rowsWanted
    tile = ConvolutionTile(
      convolution.vertical, convolution.horizontal, channels: 1,
      rows: (outHeight + rowBlocks - 1) / rowBlocks, columns: block?.columns ?? outWidth)
    let (offsets, pitch) = (tile.offsets(), tile.pitch)
    self.offsets = offsets
    // Tiles so small that each tap has rows of its own are left to the general kernel.
    let (vertical, horizontal) = (convolution.vertical, convolution.horizontal)
    isPlain =
      vertical.taps >= 3
      && (0..<convolution.depth).allSatisfy {
        let (i, j) = $0.quotientAndRemainder(dividingBy: horizontal.taps)
        return offsets.base[$0] == i * vertical.dilation * pitch + j * horizontal.dilation
      }
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

  private static func byChannel(_ convolution: ConvolutionCore) -> AlignedArray<Float> {
    let (depth, panels) = (convolution.depth, convolution.weights.panels)
    return AlignedArray(count: convolution.outChannels * (depth + 1)) { base in
      var target = base
      panels.withPiece(depth: depth) { piece in
        for group in 0..<convolution.groups {
          for panel in panels.panels {
            let packed = panels.pointer(group: group, panel, depth, in: piece)
            for row in 0..<panel.rows {
              for k in 0...depth { target[k] = packed[k * panel.height + row] }
              target += depth + 1
            }
          }
        }
      }
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
    Scratch.with(Float.self, count: tile.floatCount) { scratch in
      tile.fill(
        scratch, height: height, width: width, top: top, left: left, rows: rows, columns: columns,
        padding: 0, convolution.variant.table
      ) { _ in input }
      for row in 0..<convolution.groupOutChannels {
        let own = channel * convolution.groupOutChannels + row
        let packed = UnsafePointer(weights.base + own * (convolution.depth + 1))
        let target = Target(
          rows: rows, columns: columns, residual: residual.map { $0 + row * plane },
          output: output + row * plane, pitch: pitch)
        if isPlain {
          filterRows(packed + 1, packed[0], scratch, target)
        } else {
          filterLines(packed + 1, packed[0], scratch, target)
        }
      }
    }
  }

  /// Where a block of one channel's results goes.
  private struct Target {
    var rows: Int, columns: Int
    var residual: UnsafePointer<Float>?
    var output: UnsafeMutablePointer<Float>
    var pitch: Int
  }

  /// Several rows at a time, those that see the same rows where taps lie apart.
  private func filterRows(
    _ taps: UnsafePointer<Float>, _ bias: Float, _ source: UnsafePointer<Float>, _ target: Target
  ) {
    let kernels = convolution.variant.table
    let (vertical, horizontal) = (convolution.vertical, convolution.horizontal)
    let pitch = target.pitch
    var epilogue = convolution.activation.epilogue
    if (vertical.taps, horizontal.taps) == (3, 3),
      (vertical.dilation, horizontal.dilation) == (1, 1)
    {
      return kernels.pointee.f32_depthwise_3x3(
        target.rows, target.columns, taps, bias, source, tile.pitch, target.output, pitch,
        target.residual, pitch, &epilogue)
    }
    let step = vertical.dilation
    for phase in 0..<min(step, target.rows) {
      kernels.pointee.f32_depthwise_rows(
        vertical.taps, horizontal.taps, horizontal.dilation,
        (target.rows - phase + step - 1) / step,
        target.columns, taps, bias, source + phase * tile.pitch, step * tile.pitch,
        target.output + phase * pitch, step * pitch, target.residual.map { $0 + phase * pitch },
        step * pitch, &epilogue)
    }
  }

  /// Row by row, wherever the taps lie.
  private func filterLines(
    _ taps: UnsafePointer<Float>, _ bias: Float, _ source: UnsafePointer<Float>, _ target: Target
  ) {
    var epilogue = convolution.activation.epilogue
    for y in 0..<target.rows {
      let line = y * target.pitch
      convolution.variant.table.pointee.f32_depthwise(
        target.columns, convolution.depth, taps, bias, source + y * tile.pitch, offsets.base,
        target.output + line, target.residual.map { $0 + line }, &epilogue)
    }
  }
}
