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
    var east = [Float](repeating: 0, count: count * layerCount)
    var north = east
    layers.withUnsafeBufferPointer { layers in
      east.withUnsafeMutableBufferPointer { east in
        north.withUnsafeMutableBufferPointer { north in
          let input = UnsafeShared(buffer: layers)
          let output = (Disjoint(buffer: east), Disjoint(buffer: north))
          _ = Parallel.mapRanges(count, of: 1 << 12, threads: threads) { cells in
            for cell in cells where centres[cell].isFinite {
              // Where the neighbours lie is the same in all layers.
              let around = Surroundings(grid, centres, cell)
              for layer in 0..<layerCount {
                let start = layer * count
                let gradient = around.gradient(input.buffer, start)
                output.0.buffer[start + cell] = gradient.x
                output.1.buffer[start + cell] = gradient.y
              }
            }
            return true
          }
        }
      }
    }
    return [east, north]
  }
}

/// A cell and its neighbours, and the two differences that its gradient follows from.
private struct Surroundings {
  private let centres: [Vector]
  private let cell: Int
  private let west: Int
  private let east: Int
  private let south: Int
  private let north: Int
  private let frame: TangentFrame
  /// The steps between the two neighbours in each direction.
  private let x: SIMD2<Double>
  private let y: SIMD2<Double>

  /// A neighbour that is not there, or nowhere, is the cell itself.
  init(_ grid: GridGeometry, _ centres: [Vector], _ cell: Int) {
    self.centres = centres
    self.cell = cell
    let (width, height) = (grid.width, grid.height)
    let (row, column) = (cell / width, cell % width)
    let first = row * width
    func known(_ other: Int) -> Int { centres[other].isFinite ? other : cell }
    west = known(column > 0 ? cell - 1 : (grid.isCyclic ? first + width - 1 : cell))
    east = known(column + 1 < width ? cell + 1 : (grid.isCyclic ? first : cell))
    south = known(row > 0 ? cell - width : cell)
    north = known(row + 1 < height ? cell + width : cell)
    let place = grid.centre(row: row, column: column)
    let frame = TangentFrame(longitude: place.longitude, latitude: place.latitude)
    self.frame = frame
    x = Self.step(centres[east] - centres[west], frame)
    y = Self.step(centres[north] - centres[south], frame)
  }

  @inline(__always)
  private static func step(_ difference: Vector, _ frame: TangentFrame) -> SIMD2<Double> {
    SIMD2(difference.dot(frame.east), difference.dot(frame.north))
  }

  /// The gradient of a layer that begins at `start`.
  @inline(__always)
  func gradient(_ values: UnsafeBufferPointer<Float>, _ start: Int) -> SIMD2<Float> {
    let here = values[start + cell]
    if here.isNaN { return .zero }
    let (w, e) = (values[start + west], values[start + east])
    let (s, n) = (values[start + south], values[start + north])
    if (w + e + s + n).isNaN { return partial(here, w, e, s, n) }
    return Self.solve(
      west == east ? nil : (x, Double(e) - Double(w)),
      south == north ? nil : (y, Double(n) - Double(s)))
  }

  /// The gradient where neighbours are missing.
  private func partial(
    _ here: Float, _ w: Float, _ e: Float, _ s: Float, _ n: Float
  ) -> SIMD2<Float> {
    Self.solve(
      difference(
        w.isNaN ? cell : west, e.isNaN ? cell : east, w.isNaN ? here : w, e.isNaN ? here : e),
      difference(
        s.isNaN ? cell : south, n.isNaN ? cell : north, s.isNaN ? here : s, n.isNaN ? here : n))
  }

  private typealias Difference = (step: SIMD2<Double>, value: Double)

  private func difference(_ low: Int, _ high: Int, _ a: Float, _ b: Float) -> Difference? {
    low == high
      ? nil : (Self.step(centres[high] - centres[low], frame), Double(b) - Double(a))
  }

  /// The gradient g with d · g = Δ for both directions, or the shortest one for one direction.
  @inline(__always)
  private static func solve(_ a: Difference?, _ b: Difference?) -> SIMD2<Float> {
    var result = SIMD2(0.0, 0.0)
    if let a, let b {
      let (x, y) = (a.step, b.step)
      let determinant = x.x * y.y - x.y * y.x
      let size = (x.x * x.x + x.y * x.y) * (y.x * y.x + y.y * y.y)
      if determinant * determinant > 1e-4 * size {
        result = SIMD2(a.value * y.y - b.value * x.y, b.value * x.x - a.value * y.x)
        result /= determinant
      }
    } else if let only = a ?? b {
      let square = only.step.x * only.step.x + only.step.y * only.step.y
      if square > 0 { result = only.step * (only.value / square) }
    }
    let rounded = SIMD2<Float>(result)
    return rounded.x.isFinite && rounded.y.isFinite ? rounded : .zero
  }
}
