// Room: Tensors. Depthwise convolution of as many channels at once as a vector has lanes.

internal import CVectorKernels

/// A depthwise convolution for strides and for short rows: a vector holds one position of many
/// channels, so that neither the length of rows nor the steps between taps matter.
///
/// Planes are transposed into such vectors, padded, and the results transposed back.
final class ChannelwiseConvolution: Sendable {
  private let convolution: ConvolutionCore
  private let height: Int, width: Int, outHeight: Int, outWidth: Int
  /// For each block of channels biases, then weights tap by tap.
  private let weights: AlignedArray<Float>
  private let lanes: Int, blocks: Int
  /// Rows of results at a time, and the most rows and columns of input that they see.
  private let rows: Int, rowBlocks: Int, seenRows: Int, seenColumns: Int

  /// A block's input, in floats, stays in the second cache.
  private static let scratchWords = 96 << 10

  /// Nil where going along rows is the faster.
  init?(_ convolution: ConvolutionCore, height: Int, width: Int, outHeight: Int, outWidth: Int) {
    let lanes = convolution.variant.lanes
    let (vertical, horizontal) = (convolution.vertical, convolution.horizontal)
    guard convolution.groupOutChannels == 1, convolution.groups >= lanes / 2,
      outHeight > 0, outWidth > 0
    else { return nil }
    let seenColumns = (outWidth - 1) * horizontal.stride + horizontal.reach + 1
    let seenForOne = vertical.reach + 1
    guard seenColumns < 1 << 16, seenForOne < 1 << 16,
      seenForOne * seenColumns * lanes <= 4 * Self.scratchWords
    else { return nil }
    let isShort = outWidth < 2 * lanes && outWidth % lanes != 0 || outWidth <= lanes
    guard isShort || horizontal.stride > 1, let weights = convolution.weights.inLanes
    else { return nil }
    self.weights = weights
    self.convolution = convolution
    (self.height, self.width) = (height, width)
    (self.outHeight, self.outWidth) = (outHeight, outWidth)
    self.lanes = lanes
    blocks = (convolution.groups + lanes - 1) / lanes
    self.seenColumns = seenColumns
    let fitting = (Self.scratchWords / (seenColumns * lanes) - seenForOne) / vertical.stride + 1
    let wanted = min(max(fitting, 1), outHeight)
    rowBlocks = (outHeight + wanted - 1) / wanted
    rows = (outHeight + rowBlocks - 1) / rowBlocks
    seenRows = (rows - 1) * vertical.stride + seenForOne
  }

  func run(
    input: UnsafePointer<Float>, batch: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    let outputs =
      Double(batch) * Double(outHeight) * Double(outWidth) * Double(convolution.outChannels)
    let nanoseconds =
      3 * convolution.variant.nanoseconds(multiplyAdds: outputs * Double(convolution.depth))
    ThreadPool.current.forEachTile(batch * blocks * rowBlocks, nanoseconds: nanoseconds) { index in
      runTile(index, input: input, residual: residual, output: output)
    }
  }

  private func runTile(
    _ index: Int, input: UnsafePointer<Float>, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    let top = index % rowBlocks * rows
    let block = index / rowBlocks % blocks
    let image = index / (rowBlocks * blocks)
    let rows = min(rows, outHeight - top)
    guard rows > 0 else { return }
    let channel = block * lanes
    let channels = min(lanes, convolution.groups - channel)
    let first = image * convolution.groups + channel
    let kernels = convolution.variant.table
    let pitch = seenColumns * lanes
    let count = rows * outWidth
    Scratch.with(Float.self, count: (seenRows * seenColumns + count) * lanes) { seen in
      transpose(
        input + first * height * width, channels: channels,
        top: top * convolution.vertical.stride - convolution.vertical.before, to: seen)
      let results = seen + seenRows * pitch
      var window = squall_lane_window(
        taps_y: convolution.vertical.taps, taps_x: convolution.horizontal.taps,
        row_step: convolution.vertical.stride * pitch,
        column_step: convolution.horizontal.stride * lanes,
        tap_row: convolution.vertical.dilation * pitch,
        tap_column: convolution.horizontal.dilation * lanes)
      kernels.pointee.f32_depthwise_lanes(
        &window, rows, outWidth, weights.base + block * (convolution.depth + 1) * lanes, seen,
        results)
      var epilogue = convolution.activation.epilogue
      if residual == nil {
        kernels.pointee.f32_finish(count * lanes, results, nil, results, &epilogue)
      }
      let place = (first * outHeight + top) * outWidth
      let plane = outHeight * outWidth
      guard let residual else {
        return kernels.pointee.f32_from_lanes(channels, count, results, output + place, plane)
      }
      // Beside what is added, rows go through scratch, since it may lie where the result goes.
      Scratch.with(Float.self, count: lanes * count) { rows in
        kernels.pointee.f32_from_lanes(channels, count, results, rows, count)
        for channel in 0..<channels {
          let own = place + channel * plane
          kernels.pointee.f32_finish(
            count, rows + channel * count, residual + own, output + own, &epilogue)
        }
      }
    }
  }

  /// Transposes the rows that are seen, from `top` on, with zeros around the planes.
  private func transpose(
    _ planes: UnsafePointer<Float>, channels: Int, top: Int, to seen: UnsafeMutablePointer<Float>
  ) {
    let kernels = convolution.variant.table
    let left = convolution.horizontal.before
    let (firstRow, endRow) = (min(max(0, -top), seenRows), max(0, min(seenRows, height - top)))
    let (firstColumn, endColumn) = (min(left, seenColumns), min(seenColumns, width + left))
    let pitch = seenColumns * lanes
    let isNarrow = width < 2 * lanes && endColumn - firstColumn == width
    func fill(_ place: Int, _ count: Int) {
      if count > 0 { (seen + place).update(repeating: 0, count: count) }
    }
    fill(0, firstRow * pitch)
    if firstRow < endRow {
      // Many short rows are one long one, taken apart afterwards.
      let length = (endRow - firstRow) * width
      let isDense = isNarrow && seenColumns == width
      Scratch.with(Float.self, count: isNarrow && !isDense ? length * lanes : 1) { joined in
        if isNarrow {
          kernels.pointee.f32_to_lanes(
            channels, length, planes + (top + firstRow) * width, height * width,
            isDense ? seen + firstRow * pitch : joined)
        }
        for row in firstRow..<endRow where !isDense {
          fill(row * pitch, firstColumn * lanes)
          let target = seen + row * pitch + firstColumn * lanes
          let count = endColumn - firstColumn
          if isNarrow {
            target.update(from: joined + (row - firstRow) * width * lanes, count: count * lanes)
          } else if count > 0 {
            kernels.pointee.f32_to_lanes(
              channels, count, planes + (top + row) * width, height * width, target)
          }
          fill(
            row * pitch + max(endColumn, firstColumn) * lanes,
            (seenColumns - max(endColumn, firstColumn)) * lanes)
        }
      }
    }
    let end = max(endRow, firstRow)
    fill(end * pitch, (seenRows - end) * pitch)
  }
}
