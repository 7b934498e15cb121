// Tests of CVectorKernels: rows scaled, shifted and activated channel by channel.

internal import CVectorKernels
import TestSupport
import Testing

@Suite struct ScaledRowTests {
  private static var variants: [UnsafePointer<squall_kernels>] {
    (0..<squall_kernels_count()).map { squall_kernels_at($0) }
  }

  /// In place and elsewhere, with and without shifts, rows of any length.
  @Test(arguments: [0, 1, 15, 16, 17, 100], [true, false])
  func rowsAreScaled(count: Int, shifted: Bool) {
    var generator = SeededGenerator(seed: UInt64(count))
    let channels = 5, stride = count + 3
    let rows = generator.floats(channels * stride)
    let (scales, shifts) = (generator.floats(channels), generator.floats(channels))
    for kernels in Self.variants {
      var epilogue = squall_epilogue(
        activation: Int32(SQUALL_ACTIVATION_RELU.rawValue), p: 0, q: 0, accumulate: false,
        from_zero: false)
      var found = rows
      found.withUnsafeMutableBufferPointer { rows in
        shifts.withUnsafeBufferPointer { shifts in
          guard let base = rows.baseAddress else { return }
          kernels.pointee.f32_scale_rows(
            channels, count, base, stride, scales, shifted ? shifts.baseAddress : nil, base, stride,
            &epilogue)
        }
      }
      for channel in 0..<channels {
        for x in 0..<stride {
          let value = rows[channel * stride + x]
          let scaled = value * scales[channel] + (shifted ? shifts[channel] : 0)
          let expected = x < count ? max(scaled, 0) : value
          #expect(abs(found[channel * stride + x] - expected) < 1e-6)
        }
      }
    }
  }
}
