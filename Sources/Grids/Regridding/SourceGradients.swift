// Room: Grids. Gradients of layers on their own grid, for second-order weights.

internal import Foundation

/// Gradients towards east and north, per radian.
///
/// In each direction of the grid, the difference of the two neighbours; of one neighbour and the
/// cell itself where the other is missing or the grid ends; none where both are.
/// Source: Jones (1999), with two general directions in place of longitude and latitude.
struct SourceGradients: Sendable {
  private let grid: GridGeometry
  private let centres: [Vector]
  private let threads: Int

  init(_ grid: GridGeometry, threads: Int) {
    self.grid = grid
    self.threads = threads
    centres = grid.centreVectors(threads: threads)
  }

  /// Layers of gradients east and north; 0 where values are missing.
  func gradients(of layers: [Float], layerCount: Int) -> [[Float]] {
    let count = grid.count
    let pairs = Parallel.fill(
      count * layerCount, of: 1 << 14, threads: threads, zero: SIMD2<Float>.zero
    ) { range, output in
      for (index, place) in range.enumerated() {
        let (layer, cell) = place.quotientAndRemainder(dividingBy: count)
        output[index] = gradient(cell) { layers[layer * count + $0] }
      }
    }
    return [pairs.map(\.x), pairs.map(\.y)]
  }

  @inline(__always)
  private func gradient(_ cell: Int, _ value: (Int) -> Float) -> SIMD2<Float> {
    guard !value(cell).isNaN, centres[cell].isFinite else { return .zero }
    let (row, column) = (cell / grid.width, cell % grid.width)
    let (width, height) = (grid.width, grid.height)
    let first = row * width
    let west = column > 0 ? cell - 1 : (grid.isCyclic ? first + width - 1 : nil)
    let east = column + 1 < width ? cell + 1 : (grid.isCyclic ? first : nil)
    let south = row > 0 ? cell - width : nil
    let north = row + 1 < height ? cell + width : nil
    let place = grid.centre(row: row, column: column)
    let frame = TangentFrame(longitude: place.longitude, latitude: place.latitude)
    let x = difference(west, east, cell, frame, value)
    let y = difference(south, north, cell, frame, value)
    return Self.solve(x, y)
  }

  private typealias Difference = (east: Double, north: Double, value: Double)

  private func difference(
    _ before: Int?, _ after: Int?, _ cell: Int, _ frame: TangentFrame, _ value: (Int) -> Float
  ) -> Difference? {
    func isValid(_ other: Int) -> Bool { !value(other).isNaN && centres[other].isFinite }
    let low = before.flatMap { isValid($0) ? $0 : nil } ?? cell
    let high = after.flatMap { isValid($0) ? $0 : nil } ?? cell
    if low == high { return nil }
    let step = centres[high] - centres[low]
    return (
      step.dot(frame.east), step.dot(frame.north), Double(value(high)) - Double(value(low))
    )
  }

  /// The gradient g with d · g = Δ for both directions, or the shortest one for one direction.
  private static func solve(_ x: Difference?, _ y: Difference?) -> SIMD2<Float> {
    var result = SIMD2(0.0, 0.0)
    if let x, let y {
      let determinant = x.east * y.north - x.north * y.east
      let size = (x.east * x.east + x.north * x.north) * (y.east * y.east + y.north * y.north)
      if determinant * determinant > 1e-4 * size {
        result = SIMD2(
          x.value * y.north - y.value * x.north, y.value * x.east - x.value * y.east)
        result /= determinant
      }
    } else if let only = x ?? y {
      let square = only.east * only.east + only.north * only.north
      if square > 0 { result = SIMD2(only.east, only.north) * (only.value / square) }
    }
    let rounded = SIMD2<Float>(Float(result.x), Float(result.y))
    return rounded.x.isFinite && rounded.y.isFinite ? rounded : .zero
  }
}
