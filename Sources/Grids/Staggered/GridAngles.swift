// Room: Grids. Which way a grid's rows run, and vectors turned to east and north and back.

internal import Foundation

/// The angle from east to the direction of a grid's x, counter-clockwise, at every cell.
public struct GridAngles: Sendable {
  /// Cosines of the angles.
  public let cosines: [Double]
  /// Sines of the angles.
  public let sines: [Double]

  /// Takes angles in radians, as ROMS's `angle`.
  public init(radians: [Double]) {
    cosines = radians.map { cos($0) }
    sines = radians.map { sin($0) }
  }

  /// Takes cosines and sines, as NEMO's `gcost` and `gsint` or `cos_rot` and `sin_rot`.
  ///
  /// Throws: `GridError` with code `misuse` where their numbers differ.
  public init(cosines: [Double], sines: [Double]) throws(GridError) {
    guard cosines.count == sines.count else {
      throw GridError(.misuse, "\(cosines.count) cosines and \(sines.count) sines of one angle")
    }
    self.cosines = cosines
    self.sines = sines
  }

  /// Computes the angles from where the cells lie: x runs from each cell's one neighbour in the row
  /// to the other, or where a row has one cell only, to the right of where y runs.
  ///
  /// Edge cases: 0 everywhere on rectilinear grids, whose vectors point east and north whichever
  /// way the rows run; NaN for cells that are nowhere.
  /// - Parameter isReversed: whether x falls along the rows, as on some projected grids.
  public init(_ geometry: GridGeometry, isReversed: Bool = false, threads: Int? = nil) {
    let count = geometry.count
    if geometry.isRectilinear {
      cosines = [Double](repeating: 1, count: count)
      sines = [Double](repeating: 0, count: count)
      return
    }
    let threads = max(1, threads ?? Parallel.processorCount)
    let centres = geometry.centreVectors(threads: threads)
    let pairs = Parallel.fill(
      count, of: 1 << 13, threads: threads, zero: SIMD2<Double>.zero
    ) { range, output in
      for (index, cell) in range.enumerated() {
        let direction = Self.direction(geometry, centres, cell)
        output[index] = isReversed ? -direction : direction
      }
    }
    cosines = pairs.map(\.x)
    sines = pairs.map(\.y)
  }

  private static func direction(
    _ grid: GridGeometry, _ centres: [Vector], _ cell: Int
  ) -> SIMD2<Double> {
    let (row, column) = (cell / grid.width, cell % grid.width)
    let first = row * grid.width
    let place = grid.centre(row: row, column: column)
    let frame = TangentFrame(longitude: place.longitude, latitude: place.latitude)
    var before = column > 0 ? cell - 1 : (grid.isCyclic ? first + grid.width - 1 : cell)
    var after = column + 1 < grid.width ? cell + 1 : (grid.isCyclic ? first : cell)
    if !centres[before].isFinite { before = cell }
    if !centres[after].isFinite { after = cell }
    var step = centres[after] - centres[before]
    var alongY = false
    if step.lengthSquared < 1e-24 {
      let south = row > 0 && centres[cell - grid.width].isFinite ? cell - grid.width : cell
      let north =
        row + 1 < grid.height && centres[cell + grid.width].isFinite ? cell + grid.width : cell
      step = centres[north] - centres[south]
      alongY = true
    }
    let (east, north) = (step.dot(frame.east), step.dot(frame.north))
    let length = (east * east + north * north).squareRoot()
    let unit = SIMD2(east, north) / length
    return alongY ? SIMD2(unit.y, -unit.x) : unit
  }

  /// Vectors along x and y of the grid, turned to east and north.
  ///
  /// Shapes: layers of as many values as there are angles. Source: ROMS, NEMO: a rotation.
  public func toEastNorth(
    _ x: [Float], _ y: [Float]
  ) throws(GridError) -> (east: [Float], north: [Float]) {
    let (east, north) = try turned(x, y, sign: 1)
    return (east, north)
  }

  /// Vectors to east and north, turned to x and y of the grid.
  public func toGrid(
    east: [Float], north: [Float]
  ) throws(GridError) -> (x: [Float], y: [Float]) {
    let (x, y) = try turned(east, north, sign: -1)
    return (x, y)
  }

  private func turned(
    _ a: [Float], _ b: [Float], sign: Double
  ) throws(GridError) -> ([Float], [Float]) {
    let count = cosines.count
    guard a.count == b.count, count > 0, a.count % count == 0 else {
      throw GridError(
        .misuse, "\(a.count) and \(b.count) components do not fit a grid of \(count) cells")
    }
    var result = (a, b)
    for start in stride(from: 0, to: a.count, by: count) {
      for cell in 0..<count {
        let (x, y) = (Double(a[start + cell]), Double(b[start + cell]))
        result.0[start + cell] = Float(x * cosines[cell] - sign * y * sines[cell])
        result.1[start + cell] = Float(sign * x * sines[cell] + y * cosines[cell])
      }
    }
    return result
  }
}

extension HorizontalGrid {
  /// The angles from east to the direction in which x grows.
  public func angles(threads: Int? = nil) throws(GridError) -> GridAngles {
    let falls = kind != .curvilinear && kind != .index && !x.isAscending
    return GridAngles(try geometry(threads: threads), isReversed: falls, threads: threads)
  }
}
