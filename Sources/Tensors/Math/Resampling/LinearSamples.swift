// Room: Tensors. Multilinear sampling at any places: the elements around each, and their sum.

internal import CVectorKernels

/// Vector kernels for sampling; all on the caller's thread, nothing allocated.
package enum LinearSamples {
  /// What coordinates along an axis mean.
  package enum Coordinates: Sendable {
    /// -1 and 1 are the centres of the first and the last element.
    case corners
    /// -1 and 1 are their outer edges.
    case centres
    /// Elements are counted from 0.
    case elements
  }

  /// `output[i] = sum over taps of weights[t count + i] input[places[t count + i]]`, places below 0
  /// counting 0.
  package static func sum(
    _ input: UnsafePointer<Float>, _ places: UnsafePointer<Int32>,
    _ weights: UnsafePointer<Float>, taps: Int, count: Int, _ output: UnsafeMutablePointer<Float>
  ) {
    KernelVariant.current.table.pointee.f32_sample(
      count, taps, count, input, places, weights, output)
  }

  /// The elements around `count` points of an image or a volume, and their weights: for each of the
  /// 2^rank corners, the innermost axis's neighbours next to each other, `count` places and weights.
  ///
  /// Coordinates of axis k begin at `coordinates(k)`, `step` floats apart. Places outside are -1, or,
  /// with `clamps`, those at the edge.
  package static func corners(
    count: Int, lengths: [Int], strides: [Int], form: Coordinates, clamps: Bool, step: Int,
    _ coordinates: (_ axis: Int) -> UnsafePointer<Float>, _ places: UnsafeMutablePointer<Int32>,
    _ weights: UnsafeMutablePointer<Float>
  ) {
    let kernels = KernelVariant.current.table
    let code =
      switch form {
      case .corners: SQUALL_CORNERS
      case .centres: SQUALL_CENTRES
      case .elements: SQUALL_ELEMENTS
      }
    Scratch.with(Float.self, count: 4 * count) { shares in
      let own = UnsafeMutableRawPointer(shares + 2 * count)
        .bindMemory(to: Int32.self, capacity: 2 * count)
      for axis in lengths.indices {
        let isFirst = axis == 0
        kernels.pointee.f32_linear_taps(
          count, step, coordinates(axis), code, Int32(lengths[axis]), Int32(strides[axis]), clamps,
          isFirst ? places : own, isFirst ? weights : shares)
        if isFirst { continue }
        // Each corner so far becomes two, the last ones first: they lie behind.
        for corner in (0..<1 << axis).reversed() {
          let (from, to) = (corner * count, 2 * corner * count)
          for tap in [1, 0] {
            kernels.pointee.f32_join_taps(
              count, places + from, weights + from, own + tap * count, shares + tap * count,
              places + to + tap * count, weights + to + tap * count)
          }
        }
      }
    }
  }
}
