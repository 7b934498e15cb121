// Room: Tensors. Separable resizing of float images: each output is two inputs along each axis.

internal import CVectorKernels

/// Where each output along one axis comes from: two inputs and the share of the second.
///
/// Nearest-neighbour resizing is the same with both inputs equal.
public struct ResizeAxis: Sendable, Hashable {
  /// The two inputs of each output.
  public let first: [Int], second: [Int]
  /// The second's share, 0 to 1.
  public let share: [Float]
  /// The length of the input axis.
  public let inputLength: Int

  /// The axis from the input positions that outputs stand for: linear interpolation between the
  /// neighbours, the outermost values repeated beyond the ends.
  public init(linear positions: [Double], inputLength: Int) {
    precondition(inputLength > 0)
    self.inputLength = inputLength
    let last = Double(inputLength - 1)
    let limited = positions.map { $0.isFinite ? min(max($0, 0), last) : 0 }
    first = limited.map { Int($0) }
    second = limited.map { min(Int($0) + 1, inputLength - 1) }
    share = limited.map { Float($0 - $0.rounded(.down)) }
  }

  /// The axis from the input that each output copies; indices are limited to the axis.
  public init(nearest indices: [Int], inputLength: Int) {
    precondition(inputLength > 0)
    self.inputLength = inputLength
    first = indices.map { min(max($0, 0), inputLength - 1) }
    second = first
    share = [Float](repeating: 0, count: indices.count)
  }

  /// Whether every output is a copy of one input.
  public var isNearest: Bool { share.allSatisfy { $0 == 0 } }
}

/// Bilinear (or nearest) resizing of float32 planes, laid out once; runs without allocating.
public struct LinearResize2D: Sendable {
  /// How rows and columns are resized.
  public let vertical: ResizeAxis, horizontal: ResizeAxis
  private let rowsPerTile: Int
  private let doubling: Doubling?
  /// The columns' inputs as the kernel reads them.
  private let first: [Int32], second: [Int32]

  /// Resizing by rows and columns.
  public init(vertical: ResizeAxis, horizontal: ResizeAxis) {
    (self.vertical, self.horizontal) = (vertical, horizontal)
    doubling = Doubling(horizontal)
    first = horizontal.first.map { Int32(truncatingIfNeeded: $0) }
    second = horizontal.second.map { Int32(truncatingIfNeeded: $0) }
    rowsPerTile = max(2, (1 << 14) / max(horizontal.first.count, 1))
  }

  /// The output's height.
  public var outHeight: Int { vertical.first.count }
  /// The output's width.
  public var outWidth: Int { horizontal.first.count }

  /// Resizes `planes` images that lie one after the other.
  package func run(
    input: UnsafePointer<Float>, planes: Int, output: UnsafeMutablePointer<Float>
  ) {
    guard outHeight > 0, outWidth > 0 else { return }
    let blocks = (outHeight + rowsPerTile - 1) / rowsPerTile
    let work = Double(planes) * Double(outHeight) * Double(outWidth)
    let kernels = KernelVariant.current.table
    ThreadPool.current.forEachTile(planes * blocks, nanoseconds: work) { tile in
      let (plane, top) = (tile / blocks, tile % blocks * rowsPerTile)
      resize(
        input + plane * vertical.inputLength * horizontal.inputLength,
        output + plane * outHeight * outWidth, top..<min(top + rowsPerTile, outHeight), kernels)
    }
  }

  private func resize(
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ rows: Range<Int>,
    _ kernels: UnsafePointer<squall_kernels>
  ) {
    let width = horizontal.inputLength
    Scratch.with(Float.self, count: 2 * outWidth) { lines in
      // The two input rows last resized along x; neighbouring outputs mostly want them again.
      var held = (-1, -1)
      for y in rows {
        let (upper, lower, share) = (vertical.first[y], vertical.second[y], vertical.share[y])
        let row = target + y * outWidth
        if share == 0 {
          if held.0 == upper {
            row.update(from: lines, count: outWidth)
          } else if held.1 == upper {
            row.update(from: lines + outWidth, count: outWidth)
          } else {
            resample(source + upper * width, row, kernels)
          }
          continue
        }
        if held.0 != upper {
          if held.1 == upper {
            lines.update(from: lines + outWidth, count: outWidth)
          } else {
            resample(source + upper * width, lines, kernels)
          }
          held.0 = upper
        }
        if held.1 != lower {
          resample(source + lower * width, lines + outWidth, kernels)
          held.1 = lower
        }
        kernels.pointee.f32_lerp(outWidth, lines, lines + outWidth, share, row)
      }
    }
  }

  private func resample(
    _ row: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>,
    _ kernels: UnsafePointer<squall_kernels>
  ) {
    guard let doubling else {
      guard horizontal.inputLength <= Int(Int32.max) else {
        return resample(row, target, 0..<outWidth)
      }
      return kernels.pointee.f32_resample(
        outWidth, horizontal.inputLength, row, first, second, horizontal.share, target)
    }
    let inner = horizontal.inputLength - 2
    resample(row, target, 0..<2)
    kernels.pointee.f32_upsample_2x(
      inner, row + 1 + doubling.even.shift, doubling.even.share, row + 1 + doubling.odd.shift,
      doubling.odd.share, target + 2)
    resample(row, target, 2 * inner + 2..<outWidth)
  }

  private func resample(
    _ row: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ range: Range<Int>
  ) {
    horizontal.first.withUnsafeBufferPointer { first in
      horizontal.second.withUnsafeBufferPointer { second in
        horizontal.share.withUnsafeBufferPointer { share in
          for x in range {
            let (a, b) = (row[first[x]], row[second[x]])
            target[x] = share[x] == 0 ? a : a * (1 - share[x]) + b * share[x]
          }
        }
      }
    }
  }
}

/// Doubling a length, but for the two results at either end: all even results are like each other, and
/// all odd ones.
private struct Doubling: Sendable {
  /// Where a result's first input lies, seen from half its own place, and its second's share.
  let even: (shift: Int, share: Float), odd: (shift: Int, share: Float)

  /// Nil for anything else than doubling.
  init?(_ axis: ResizeAxis) {
    let length = axis.inputLength
    guard length >= 4, axis.first.count == 2 * length else { return nil }
    let like = [0, 1].map { (shift: axis.first[2 + $0] - 1, share: axis.share[2 + $0]) }
    for x in 2..<2 * length - 2 {
      let model = like[x % 2]
      guard axis.first[x] == x / 2 + model.shift, axis.share[x] == model.share,
        model.share == 0 || axis.second[x] == axis.first[x] + 1
      else { return nil }
    }
    (even, odd) = (like[0], like[1])
  }
}
