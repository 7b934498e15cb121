// Room: Tensors. The piece of a padded image that one tile of a convolution or pooling works on.

internal import CVectorKernels

/// How a tile's input lies in scratch memory: zero-padded, and sorted so that for every tap the
/// inputs of neighbouring outputs are neighbours.
///
/// Output (r, x) of the tile reads tap (i, j) of channel c at
/// `offset(c, i, j) + r pitch + x`. Rows follow one another without gaps, so several output rows
/// can also be computed as one long row whose last few columns are then dropped.
struct ConvolutionTile: Sendable {
  let channels: Int
  /// Output rows and columns of a full tile.
  let rows: Int, columns: Int
  /// Floats from one row to the next, from one plane to the next.
  let pitch: Int, planeStride: Int
  private let vertical: TapBands, horizontal: TapBands

  /// Reads past a row's end: whole vectors, up to a tile's three.
  static let slack = 64

  init(
    _ vertical: WindowAxis, _ horizontal: WindowAxis, channels: Int, rows: Int, columns: Int
  ) {
    self.vertical = TapBands(vertical, outputs: rows)
    self.horizontal = TapBands(horizontal, outputs: columns)
    self.channels = channels
    self.rows = rows
    self.columns = columns
    pitch = columns + self.horizontal.extra
    let plane = pitch * (rows + self.vertical.extra)
    // An odd number of cache lines: planes a power of two apart would share a few cache sets.
    planeStride = ((plane + 15) / 16 | 1) * 16
  }

  /// The scratch memory a tile needs, in floats.
  var floatCount: Int {
    channels * vertical.count * horizontal.count * planeStride + Self.slack
  }

  /// Where tap (i, j) of channel c of the tile's first output lies.
  func offset(channel: Int, _ i: Int, _ j: Int) -> Int {
    let band = (channel * vertical.count + vertical.bands[i]) * horizontal.count
    return (band + horizontal.bands[j]) * planeStride + vertical.shifts[i] * pitch
      + horizontal.shifts[j]
  }

  /// The offsets of all taps, channel by channel and row by row: the order of the weights.
  func offsets() -> AlignedArray<Int> {
    let (high, wide) = (vertical.bands.count, horizontal.bands.count)
    return AlignedArray(count: channels * high * wide) { base in
      for index in 0..<channels * high * wide {
        base[index] = offset(
          channel: index / (high * wide), index / wide % high, index % wide)
      }
    }
  }

  /// Copies what `rows` by `columns` outputs from (top, left) need out of `channels` planes, or the
  /// first `count` of them, which `image` gives by number; outside a plane, and where there is none, is
  /// `padding`.
  func fill(
    _ scratch: UnsafeMutablePointer<Float>, height: Int, width: Int, top: Int, left: Int,
    rows: Int, columns: Int, count: Int? = nil, padding: Float,
    _ kernels: UnsafePointer<squall_kernels>,
    from image: (_ channel: Int) -> UnsafePointer<Float>?
  ) {
    let bandCount = vertical.count * horizontal.count
    withExtendedLifetime((vertical, horizontal)) {
      var bands = squall_bands(
        height: height, width: width, bands_y: vertical.count, bands_x: horizontal.count,
        starts_y: vertical.starts.base, starts_x: horizontal.starts.base,
        stride_y: vertical.stride, stride_x: horizontal.stride, pitch: pitch,
        band_stride: planeStride)
      let (lines, wide) = (rows + vertical.extra, columns + horizontal.extra)
      for channel in 0..<(count ?? channels) {
        kernels.pointee.f32_bands(
          &bands, image(channel), top, left, lines, wide, padding,
          scratch + channel * bandCount * planeStride)
      }
    }
  }
}

/// Which values along one axis a tile keeps: bands of every `stride`-th value.
///
/// Taps whose places are alike modulo the stride can share a band that is longer than the outputs by
/// how far they lie apart. Where they lie far apart (a large dilation, few outputs) a band for each
/// tap is less to copy.
///
/// A class, whose contents threads read without counting references to each of them.
private final class TapBands: Sendable {
  let stride: Int
  /// How many bands there are, and where each begins for output 0.
  let count: Int, starts: AlignedArray<Int>
  /// How much longer than the outputs a band is.
  let extra: Int
  /// Each tap's band, and its place there for output 0.
  let bands: [Int], shifts: [Int]

  init(_ axis: WindowAxis, outputs: Int) {
    stride = axis.stride
    let places = (0..<axis.taps).map { $0 * axis.dilation }
    let phases = Set(places.map { $0 % axis.stride }).sorted()
    let reach = axis.reach / axis.stride
    if phases.count * (outputs + reach) <= axis.taps * outputs {
      (count, starts) = Self.shifted(phases, by: axis.before)
      extra = reach
      bands = places.map { phases.firstIndex(of: $0 % axis.stride) ?? 0 }
      shifts = places.map { $0 / axis.stride }
    } else {
      (count, starts) = Self.shifted(places, by: axis.before)
      extra = 0
      bands = Array(0..<axis.taps)
      shifts = [Int](repeating: 0, count: axis.taps)
    }
  }

  private static func shifted(_ places: [Int], by before: Int) -> (Int, AlignedArray<Int>) {
    let starts = AlignedArray<Int>(count: places.count) { base in
      for (index, place) in places.enumerated() { base[index] = place - before }
    }
    return (places.count, starts)
  }
}
