// Room: Tensors. What is done to each channel of an image before a convolution reads it.

internal import CVectorKernels

/// `act(scale[c] x + shift[c])` of every value x of channel c: normalisations, gates and activations
/// that stand before a convolution, applied where that copies its input anyway.
package struct ChannelPreparation {
  /// One number for each channel, and how much further on the next image's begin: 0 where all images
  /// have the same.
  package var scales: UnsafePointer<Float>, scaleStep: Int
  package var shifts: UnsafePointer<Float>?, shiftStep: Int
  package var activation: Activation

  package init(
    scales: UnsafePointer<Float>, scaleStep: Int, shifts: UnsafePointer<Float>?, shiftStep: Int,
    activation: Activation
  ) {
    (self.scales, self.scaleStep) = (scales, scaleStep)
    (self.shifts, self.shiftStep) = (shifts, shiftStep)
    self.activation = activation
  }

  /// Rows of `count` values, one for each of `channels` of an image, from lines `stride` apart to lines
  /// `targetStride` apart.
  func apply(
    to channels: Range<Int>, of image: Int, count: Int, _ source: UnsafePointer<Float>,
    stride: Int, into target: UnsafeMutablePointer<Float>, targetStride: Int,
    _ variant: KernelVariant
  ) {
    var epilogue = activation.epilogue
    variant.table.pointee.f32_scale_rows(
      channels.count, count, source, stride, scales + image * scaleStep + channels.lowerBound,
      shifts.map { $0 + image * shiftStep + channels.lowerBound }, target, targetStride, &epilogue)
  }

  /// One value of every channel, side by side, in place.
  func apply(toRow row: UnsafeMutablePointer<Float>, of image: Int, channels: Int) {
    let kernels = KernelVariant.current.table.pointee
    let scales = scales + image * scaleStep
    if let shifts {
      kernels.f32_fma(channels, row, 1, scales, 1, shifts + image * shiftStep, 1, row)
    } else {
      kernels.f32_binary[Int(BinaryOperation.multiply.code.rawValue)](
        channels, row, 1, scales, 1, row)
    }
    var epilogue = activation.epilogue
    kernels.f32_finish(channels, row, nil, row, &epilogue)
  }

  /// All of `batch` images of `channels` planes of `plane` values; the output may be the input.
  package func run(
    input: UnsafePointer<Float>, batch: Int, channels: Int, plane: Int,
    output: UnsafeMutablePointer<Float>
  ) {
    let variant = KernelVariant.current
    let nanoseconds =
      Double(batch * channels) * Double(plane)
      * (0.2 + (activation.function?.0.nanoseconds ?? 0))
    // Some planes at a time, or part of one.
    let together = max(1, min(channels, Self.pieceLength / max(plane, 1)))
    let groups = (channels + together - 1) / together
    let length = together > 1 ? plane : min(plane, Self.pieceLength)
    let pieces = (plane + length - 1) / max(length, 1)
    ThreadPool.current.forEachTile(batch * groups * pieces, nanoseconds: nanoseconds) { index in
      let (place, piece) = index.quotientAndRemainder(dividingBy: pieces)
      let (image, group) = place.quotientAndRemainder(dividingBy: groups)
      let own = group * together..<min((group + 1) * together, channels)
      let start = (image * channels + own.lowerBound) * plane + piece * length
      apply(
        to: own, of: image, count: min(length, plane - piece * length), input + start,
        stride: plane, into: output + start, targetStride: plane, variant)
    }
  }

  /// About so many values at a time.
  private static let pieceLength = 1 << 14
}
