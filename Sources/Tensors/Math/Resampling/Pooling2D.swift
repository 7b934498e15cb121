// Room: Tensors. Pooling of float images: the largest or the mean of each window.

internal import CVectorKernels

/// Two-dimensional pooling of float32 images `[batch, channel, y, x]`, laid out for one size.
///
/// **Edge cases**: padding never counts for the maximum; NaN in a window makes the result NaN.
/// **Source**: ONNX `MaxPool` (without indices), `AveragePool`, and their global forms.
public struct Pooling2D: Sendable {
  /// What a window becomes.
  public enum Kind: Sendable, Hashable {
    case maximum
    /// The mean; with `includingPadding`, padding counts as zeros.
    case average(includingPadding: Bool)
  }

  /// The output's height and width.
  public let outHeight: Int, outWidth: Int
  private let kind: Kind
  private let height: Int, width: Int
  private let vertical: WindowAxis, horizontal: WindowAxis
  private let variant: KernelVariant
  private let tile: ConvolutionTile
  private let offsets: AlignedArray<Int>
  private let rowCounts: [Float], columnCounts: [Float]
  /// One divided by the number of values that each window counts, where all count as many.
  private let share: Float?
  private let rowBlocks: Int

  /// Pooling of images of `height` by `width`.
  ///
  /// **Throws** `shapeMismatch` when no window fits.
  public init(
    _ kind: Kind, vertical: WindowAxis, horizontal: WindowAxis, height: Int, width: Int,
    ceiling: Bool = false
  ) throws(TensorError) {
    (self.kind, self.height, self.width) = (kind, height, width)
    (self.vertical, self.horizontal) = (vertical, horizontal)
    outHeight = try vertical.outputLength(height, ceiling: ceiling)
    outWidth = try horizontal.outputLength(width, ceiling: ceiling)
    variant = .current
    let (taps, overflow) = vertical.taps.multipliedReportingOverflow(by: horizontal.taps)
    guard !overflow, taps <= 1 << 22 else {
      throw TensorError(
        .shapeMismatch,
        "pooling windows of \(vertical.taps) by \(horizontal.taps): they go to 4194304 values")
    }
    _ = try Shape(checking: [
      max(height, outHeight), max(width, outWidth), vertical.taps, horizontal.taps, 64,
    ])
    let rowsWanted = max(4, (16 << 10) / max(outWidth, 1))
    rowBlocks = (outHeight + rowsWanted - 1) / rowsWanted
    tile = ConvolutionTile(
      vertical, horizontal, channels: 1, rows: (outHeight + rowBlocks - 1) / rowBlocks,
      columns: outWidth)
    offsets = tile.offsets()
    let including = kind == .average(includingPadding: true)
    func counts(_ axis: WindowAxis, _ length: Int, _ outputs: Int) -> [Float] {
      (0..<outputs).map { output in
        let start = output * axis.stride - axis.before
        let inside = (0..<axis.taps).filter { tap in
          let place = start + tap * axis.dilation
          return including ? place < length + axis.after : place >= 0 && place < length
        }
        return Float(inside.count)
      }
    }
    rowCounts = counts(vertical, height, outHeight)
    columnCounts = counts(horizontal, width, outWidth)
    let counted = (rowCounts.first ?? 0) * (columnCounts.first ?? 0)
    let isEven = Set(rowCounts).count == 1 && Set(columnCounts).count == 1 && counted > 0
    share = isEven ? 1 / counted : nil
  }

  /// Whether windows are the plain 2 by 2 of most encoders.
  private var isHalving: Bool {
    vertical == WindowAxis(taps: 2, stride: 2) && vertical == horizontal
      && 2 * outHeight <= height && 2 * outWidth <= width
  }

  /// Pools `planes` images, one after the other; allocates nothing.
  package func run(
    input: UnsafePointer<Float>, planes: Int, output: UnsafeMutablePointer<Float>
  ) {
    let taps = vertical.taps * horizontal.taps
    let work = Double(planes) * Double(outHeight) * Double(outWidth)
    ThreadPool.current.forEachTile(
      planes * rowBlocks, nanoseconds: work * (0.4 + 0.05 * Double(taps))
    ) { index in
      let (plane, top) = (index / rowBlocks, index % rowBlocks * tile.rows)
      let rows = min(tile.rows, outHeight - top)
      guard rows > 0 else { return }
      let source = input + plane * height * width
      let target = output + (plane * outHeight + top) * outWidth
      if isHalving {
        let kernels = variant.table.pointee
        let pool = kind == .maximum ? kernels.f32_max_pool_2x2 : kernels.f32_mean_pool_2x2
        for y in 0..<rows {
          let row = source + 2 * (top + y) * width
          pool(outWidth, row, row + width, target + y * outWidth)
        }
      } else {
        pool(source, target, top: top, rows: rows, taps: taps)
      }
    }
  }

  private func pool(
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, top: Int, rows: Int,
    taps: Int
  ) {
    let kernels = variant.table
    Scratch.with(Float.self, count: tile.floatCount) { scratch in
      tile.fill(
        scratch, height: height, width: width, top: top, left: 0, rows: rows, columns: outWidth,
        padding: kind == .maximum ? -.infinity : 0, kernels
      ) { _ in source }
      for y in 0..<rows {
        let row = target + y * outWidth
        kernels.pointee.f32_pool(
          outWidth, taps, scratch + y * tile.pitch, offsets.base, kind != .maximum, share ?? 1,
          row)
        guard kind != .maximum, share == nil else { continue }
        let count = rowCounts[top + y]
        Scratch.with(Float.self, count: outWidth) { counts in
          for x in 0..<outWidth { counts[x] = count * columnCounts[x] }
          VectorMath.combine(.divide, row, counts, row, count: outWidth)
        }
      }
    }
  }

  /// Pools float32 `input` of `[batch, channel, y, x]`.
  ///
  /// **Throws** `shapeMismatch` or `elementTypeMismatch` for another tensor.
  public func callAsFunction(_ input: Tensor) throws(TensorError) -> Tensor {
    guard input.elementType == .float32, input.shape.rank == 4, input.shape[2] == height,
      input.shape[3] == width
    else {
      throw TensorError(
        .shapeMismatch,
        "pooling of \(input.elementType.rawValue) \(input.shape): it was laid out for float32 "
          + "[batch, channel, \(height), \(width)]")
    }
    let output = Tensor(
      uninitialized: try Shape(checking: [input.shape[0], input.shape[1], outHeight, outWidth]),
      .float32)
    guard let target = output.plannedDestination(of: Float.self).baseAddress, output.count > 0
    else { return output }
    input.withElements(of: Float.self) { source in
      guard let source = source.baseAddress else { return }
      run(input: source, planes: input.shape[0] * input.shape[1], output: target)
    }
    return output
  }
}
