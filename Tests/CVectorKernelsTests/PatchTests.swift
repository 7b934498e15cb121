// Tests of CVectorKernels: rows sorted by phases of a stride, and taken one after the other.

internal import CVectorKernels
import TestSupport
import Testing

@Suite struct PatchTests {
  private static var variants: [UnsafePointer<squall_kernels>] {
    (0..<squall_kernels_count()).map { squall_kernels_at($0) }
  }

  /// Bands that begin beside each other and apart, inside the plane, partly or quite outside, and
  /// without a plane; what lies between rows stays as it is.
  @Test(arguments: 1...9)
  func bandsAreThePlanesPhases(stride: Int) {
    var generator = SeededGenerator(seed: UInt64(stride))
    func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    for _ in 0..<150 {
      let (height, width) = (pick(1...20), pick(1...70))
      let (down, first, apart) = (pick(1...3), pick(-4...3), pick(1...4) / 2 + 1)
      let startsX = (0..<pick(1...stride)).map { first + apart / 2 * $0 + ($0 + apart) / 3 }
      let startsY = (0..<pick(1...2)).map { _ in pick(-3...3) }
      let (rows, columns, top, left) = (pick(1...9), pick(1...60), pick(0...4), pick(0...5))
      let pitch = columns + pick(0...2)
      let bandStride = rows * pitch + 5
      let plane = (0..<height * width).map { Float($0 + 1) }
      let hasPlane = pick(0...9) > 0
      var expected = [Float](
        repeating: -7, count: bandStride * startsX.count * startsY.count + 64)
      for (a, startY) in startsY.enumerated() {
        for (b, startX) in startsX.enumerated() {
          for row in 0..<rows {
            for column in 0..<columns {
              let (y, x) = ((top + row) * down + startY, (left + column) * stride + startX)
              let isInside =
                hasPlane && (0..<height).contains(y) && (0..<width).contains(x)
              let place = (a * startsX.count + b) * bandStride + row * pitch + column
              expected[place] = isInside ? plane[y * width + x] : 0.5
            }
          }
        }
      }
      for kernels in Self.variants {
        var found = [Float](repeating: -7, count: expected.count)
        startsY.withUnsafeBufferPointer { startsY in
          startsX.withUnsafeBufferPointer { startsX in
            guard let y = startsY.baseAddress, let x = startsX.baseAddress else { return }
            var bands = squall_bands(
              height: height, width: width, bands_y: startsY.count, bands_x: startsX.count,
              starts_y: y, starts_x: x, stride_y: down, stride_x: stride, pitch: pitch,
              band_stride: bandStride)
            plane.withUnsafeBufferPointer {
              kernels.pointee.f32_bands(
                &bands, hasPlane ? $0.baseAddress : nil, top, left, rows, columns, 0.5, &found)
            }
          }
        }
        #expect(found == expected, "\(String(cString: kernels.pointee.name))")
      }
    }
  }

  @Test func rowsFollowOneAnother() {
    var generator = SeededGenerator(seed: 17)
    func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    for _ in 0..<300 {
      let columns = pick(1...70)
      let (column, count, pitch) = (pick(0...columns - 1), pick(1...200), columns + pick(0...3))
      let rows = (column + count - 1) / columns + 1
      let source = (0..<rows * pitch + 100).map { Float($0) }
      let (offsets, stride) = ([0, 3], count + 2 * 16)
      for kernels in Self.variants {
        var found = [Float](repeating: -1, count: 2 * stride)
        kernels.pointee.f32_join_rows(
          2, offsets, columns, column, count, source, pitch, &found, stride)
        for (tap, offset) in offsets.enumerated() {
          let expected = (column..<column + count).map {
            source[$0 / columns * pitch + $0 % columns + offset]
          }
          #expect(Array(found[tap * stride..<tap * stride + count]) == expected)
        }
      }
    }
  }

  @Test func packedRowsAreThoseOfThePlaneAndGoBack() {
    var generator = SeededGenerator(seed: 18)
    func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    for _ in 0..<200 {
      let (channels, rows, columns) = (pick(1...4), pick(1...7), pick(1...50))
      let pitch = columns + pick(0...5)
      // Nothing behind the last element is read or written.
      let plane = (rows - 1) * pitch + columns
      let packedPlane = rows * columns + pick(0...3)
      let source = generator.floats(channels * plane)
      for kernels in Self.variants {
        var packed = [Float](repeating: 9, count: channels * packedPlane)
        kernels.pointee.f32_pack_rows(
          channels, rows, columns, source, plane, pitch, &packed, packedPlane)
        var sums = source
        kernels.pointee.f32_add_rows(
          channels, rows, columns, packed, packedPlane, &sums, plane, pitch)
        for channel in 0..<channels {
          for place in 0..<packedPlane {
            let (row, column) = place.quotientAndRemainder(dividingBy: columns)
            #expect(
              packed[channel * packedPlane + place]
                == (row < rows ? source[channel * plane + row * pitch + column] : 9))
          }
          for place in 0..<plane {
            let value = source[channel * plane + place]
            #expect(
              sums[channel * plane + place] == (place % pitch < columns ? 2 * value : value))
          }
        }
      }
    }
  }
}
