// Room: Tensors. The piece of a padded image that one tile of a convolution or pooling works on.

internal import CVectorKernels

/// How a tile's input lies in scratch memory: zero-padded, and with strided axes sorted by phase, so
/// that for every tap the inputs of neighbouring outputs are neighbours.
///
/// Output (r, x) of the tile reads tap (i, j) of channel c at
/// `offset(c, i, j) + r pitch + x`. Rows follow one another without gaps, so several output rows
/// can also be computed as one long row whose last few columns are then dropped.
struct ConvolutionTile: Sendable {
  let vertical: WindowAxis, horizontal: WindowAxis
  let channels: Int
  /// Output rows and columns of a full tile.
  let rows: Int, columns: Int
  /// Floats from one row to the next, from one plane to the next.
  let pitch: Int, planeStride: Int
  /// The phases modulo the stride that some tap needs.
  private let phasesY: [Int], phasesX: [Int]

  /// Reads past a row's end: whole vectors, up to a tile's three.
  static let slack = 64

  init(
    _ vertical: WindowAxis, _ horizontal: WindowAxis, channels: Int, rows: Int, columns: Int
  ) {
    self.vertical = vertical
    self.horizontal = horizontal
    self.channels = channels
    self.rows = rows
    self.columns = columns
    phasesY = Self.phases(vertical)
    phasesX = Self.phases(horizontal)
    pitch = columns + horizontal.reach / horizontal.stride
    let plane = pitch * (rows + vertical.reach / vertical.stride)
    // An odd number of cache lines: planes a power of two apart would share a few cache sets.
    planeStride = ((plane + 15) / 16 | 1) * 16
  }

  private static func phases(_ axis: WindowAxis) -> [Int] {
    Set((0..<min(axis.taps, axis.stride)).map { $0 * axis.dilation % axis.stride }).sorted()
  }

  /// The scratch memory a tile needs, in floats.
  var floatCount: Int {
    channels * phasesY.count * phasesX.count * planeStride + Self.slack
  }

  /// Where tap (i, j) of channel c of the tile's first output lies.
  func offset(channel: Int, _ i: Int, _ j: Int) -> Int {
    let (dy, dx) = (i * vertical.dilation, j * horizontal.dilation)
    let slotY = phasesY.firstIndex(of: dy % vertical.stride) ?? 0
    let slotX = phasesX.firstIndex(of: dx % horizontal.stride) ?? 0
    let plane = (channel * phasesY.count + slotY) * phasesX.count + slotX
    return plane * planeStride + dy / vertical.stride * pitch + dx / horizontal.stride
  }

  /// The offsets of all taps, channel by channel and row by row: the order of the weights.
  func offsets() -> AlignedArray<Int> {
    AlignedArray(count: channels * vertical.taps * horizontal.taps) { base in
      var index = 0
      for channel in 0..<channels {
        for i in 0..<vertical.taps {
          for j in 0..<horizontal.taps {
            base[index] = offset(channel: channel, i, j)
            index += 1
          }
        }
      }
    }
  }

  /// Copies what `rows` by `columns` outputs from (top, left) need out of `channels` planes of an
  /// image; outside the image is `padding`.
  func fill(
    _ scratch: UnsafeMutablePointer<Float>, from image: UnsafePointer<Float>, height: Int,
    width: Int, top: Int, left: Int, rows: Int, columns: Int, padding: Float,
    _ kernels: UnsafePointer<squall_kernels>
  ) {
    let lines = rows + vertical.reach / vertical.stride
    let count = columns + horizontal.reach / horizontal.stride
    var plane = scratch
    for channel in 0..<channels {
      let source = image + channel * height * width
      for phaseY in phasesY {
        for phaseX in phasesX {
          // Column i comes from x = (left + i) stride + phase - before.
          let start = left * horizontal.stride + phaseX - horizontal.before
          let step = horizontal.stride
          let first = min(max(0, (-start + step - 1) / step), count)
          let end = start >= width ? first : max(first, min(count, (width - start - 1) / step + 1))
          for line in 0..<lines {
            let target = plane + line * pitch
            let y = (top + line) * vertical.stride + phaseY - vertical.before
            if y < 0 || y >= height || first == end {
              target.update(repeating: padding, count: count)
              continue
            }
            let row = source + y * width + (start + first * step)
            if first > 0 { target.update(repeating: padding, count: first) }
            if step == 1 {
              (target + first).update(from: row, count: end - first)
            } else {
              kernels.pointee.f32_take(end - first, step, row, target + first)
            }
            if end < count { (target + end).update(repeating: padding, count: count - end) }
          }
          plane += planeStride
        }
      }
    }
  }
}
