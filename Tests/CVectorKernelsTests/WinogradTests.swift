// Tests of CVectorKernels: Winograd's transforms by every variant.

internal import CVectorKernels
import TestSupport
import Testing

@Suite struct WinogradTests {
  private static var variants: [UnsafePointer<squall_kernels>] {
    (0..<squall_kernels_count()).map { squall_kernels_at($0) }
  }

  /// A plane in tiles: lengths, the first tile's corner, steps.
  struct Tiling: Sendable, CustomTestStringConvertible {
    var height: Int, width: Int, top = 1, left = 1, stepY = 1, stepX = 1
    var testDescription: String { "\(height)x\(width) -\(top) -\(left) by \(stepY) \(stepX)" }
  }

  /// What a tile sees, for pieces that begin and end anywhere in a row of tiles; beside them nothing is
  /// written but whole vectors.
  @Test(
    arguments: [
      Tiling(height: 1, width: 1), Tiling(height: 8, width: 8), Tiling(height: 14, width: 14),
      Tiling(height: 9, width: 33, top: 0, left: 0),
      Tiling(height: 13, width: 6, top: -1, left: -3),
      Tiling(height: 5, width: 300), Tiling(height: 20, width: 12, top: 2, left: 5),
      Tiling(height: 17, width: 23, top: 3, left: 2, stepY: 2, stepX: 3),
      Tiling(height: 12, width: 12, top: 30, left: 0),
      Tiling(height: 12, width: 12, top: 0, left: 40),
    ], [2, 4])
  func tilesAreTakenFromTheirPlaces(tiling: Tiling, side: Int) {
    var generator = SeededGenerator(seed: 45)
    let plane = generator.floats(tiling.height * tiling.width)
    func value(_ y: Int, _ x: Int) -> Float {
      (0..<tiling.height).contains(y) && (0..<tiling.width).contains(x)
        ? plane[y * tiling.width + x] : 0
    }
    let columns = (tiling.width / tiling.stepX + side - 1) / side + 1
    let tiles = columns * ((tiling.height / tiling.stepY + side - 1) / side + 1)
    var shape = squall_winograd()
    (shape.m, shape.columns) = (side, columns)
    (shape.height, shape.width) = (tiling.height, tiling.width)
    (shape.top, shape.left) = (tiling.top, tiling.left)
    (shape.step_y, shape.step_x) = (tiling.stepY, tiling.stepX)
    let pieces = [0, 1, columns - 1, columns, columns + 1].flatMap { first in
      [1, 2, columns - 1, columns, columns + 3, tiles].map { (first, $0) }
    }.filter { $0.0 < tiles && $0.1 > 0 }.map { ($0.0, min($0.1, tiles - $0.0)) }
    for kernels in Self.variants {
      let lanes = Int(kernels.pointee.lanes)
      for (first, count) in pieces {
        let stride = (count + lanes - 1) / lanes * lanes
        var line = [Float](
          repeating: .nan, count: 2 * side * count + (side + 1) * lanes)
        let guardValue: Float = 77
        line.append(guardValue)
        let places = (side + 2) * (side + 2)
        var found = [Float](repeating: guardValue, count: places * stride + 1)
        kernels.pointee.f32_winograd_split(&shape, plane, first, count, &line, &found, stride)
        #expect(line.last == guardValue && found.last == guardValue)
        for tile in 0..<count {
          let (row, column) = ((first + tile) / columns, (first + tile) % columns)
          for place in 0..<places {
            let y = tiling.stepY * (side * row + place / (side + 2)) - tiling.top
            let x = tiling.stepX * (side * column + place % (side + 2)) - tiling.left
            #expect(
              found[place * stride + tile] == value(y, x), "\(first) \(count) \(tile) \(place)")
          }
        }
        kernels.pointee.f32_winograd_split(&shape, nil, first, count, &line, &found, stride)
        #expect((0..<places).allSatisfy { found[$0 * stride + count - 1] == 0 })
      }
    }
  }

  /// Weights that are made in float differ from those in double precision by little of the largest, and
  /// missing taps are zeros; what lies beside the panel stays as it is.
  @Test(arguments: [2, 4], [Array(0..<9), [4, 5, -1, 10, 11, -1, -1, -1, -1]])
  func expandedWeightsAreThoseThatAreKept(side: Int, taps: [Int]) {
    var generator = SeededGenerator(seed: 46)
    let step = 12
    for kernels in Self.variants {
      let most = Int(kernels.pointee.mr)
      for height in [1, 2, 4, most] {
        for depth in [1, 2, 3, 7, 16, 35] {
          let points = (side + 2) * (side + 2)
          let stride = depth * height + 1
          let source = generator.floats(depth * step * height)
          var windows = [Float](repeating: 0, count: height * depth * 9)
          for row in 0..<height {
            for k in 0..<depth {
              for (tap, place) in taps.enumerated() where place >= 0 {
                windows[(row * depth + k) * 9 + tap] = source[(k * step + place) * height + row]
              }
            }
          }
          var kept = [Float](repeating: 77, count: points * stride)
          var made = kept
          kernels.pointee.f32_winograd_weights(
            side, height, height, depth, windows, depth * 9, &kept, stride)
          kernels.pointee.f32_winograd_expand(
            side, height, depth, source, step, taps, &made, stride)
          for (a, b) in zip(kept, made) { #expect(abs(a - b) < 4e-7) }
          #expect((0..<points).allSatisfy { made[$0 * stride + stride - 1] == 77 })
        }
      }
    }
  }
}
