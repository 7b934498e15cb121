// Room: Grids. The corners of all cells of a curvilinear grid as unit vectors, ready to be searched.

/// The polygons of a curvilinear grid's cells.
final class CellCorners: Sendable {
  private let grid: CurvilinearGeometry
  private let vectors: [Vector]
  /// Corners a cell, where cells have their own.
  private let own: Int?

  init(_ grid: CurvilinearGeometry, threads: Int) {
    self.grid = grid
    let (longitudes, latitudes): ([Double], [Double])
    switch grid.corners {
    case .shared(let x, let y): (longitudes, latitudes, own) = (x, y, nil)
    case .own(let count, let x, let y): (longitudes, latitudes, own) = (x, y, count)
    }
    vectors = Parallel.fill(
      longitudes.count, of: 1 << 14, threads: threads, zero: Vector.zero
    ) { range, output in
      for (index, place) in range.enumerated() {
        output[index] = Vector(longitude: longitudes[place], latitude: latitudes[place])
      }
    }
  }

  private func isPlace(_ cell: Int) -> Bool {
    grid.longitudes[cell].isFinite && grid.latitudes[cell].isFinite
  }

  /// The numbers of a cell's corners, or the first of them where cells have their own.
  @inline(__always)
  private func shared(_ row: Int, _ column: Int) -> SIMD4<Int> {
    let first = row * (grid.width + 1) + column
    return SIMD4(first, first + 1, first + grid.width + 2, first + grid.width + 1)
  }

  /// The box that encloses a cell; empty for a cell that is nowhere.
  func box(row: Int, column: Int) -> Box {
    let cell = row * grid.width + column
    guard isPlace(cell) else { return Box() }
    var box = Box()
    if let own {
      for corner in cell * own..<(cell + 1) * own {
        guard vectors[corner].isFinite else { return Box() }
        box.add(vectors[corner])
      }
    } else {
      let corners = shared(row, column)
      for index in 0..<4 {
        guard vectors[corners[index]].isFinite else { return Box() }
        box.add(vectors[corners[index]])
      }
    }
    // Great circles bulge out of their chords.
    return box.grown(by: 0.25 * (box.high - box.low).lengthSquared + 1e-12)
  }

  /// A cell as a polygon; nil for a cell that is nowhere or has no area.
  func polygon(row: Int, column: Int) -> SphericalPolygon? {
    let cell = row * grid.width + column
    guard isPlace(cell) else { return nil }
    if let own { return SphericalPolygon(Array(vectors[cell * own..<(cell + 1) * own])) }
    let corners = shared(row, column)
    return SphericalPolygon([
      vectors[corners[0]], vectors[corners[1]], vectors[corners[2]], vectors[corners[3]],
    ])
  }
}

extension CurvilinearGeometry {
  /// Cells near the edge that repeat others, as the halo columns and the folded rows of ORCA grids.
  ///
  /// Of cells at the same place, the one furthest from the edge is kept.
  func repeatedCells() -> [Int] {
    let rim = 3
    var seen: [SIMD3<Int32>: [Int]] = [:]
    var repeated: [Int] = []
    var dropped: Set<Int> = []
    func inwards(_ cell: Int) -> Int {
      let (row, column) = (cell / width, cell % width)
      return min(column, width - 1 - column, row, height - 1 - row)
    }
    for row in 0..<height {
      let isRimRow = row < rim || row >= height - rim
      for column in 0..<width where isRimRow || column < rim || column >= width - rim {
        let cell = row * width + column
        let place = Vector(longitude: longitudes[cell], latitude: latitudes[cell])
        guard place.isFinite else { continue }
        // A place may be rounded to either side: its neighbours in the table are looked at too.
        let scaled = place * 1e5
        let key = SIMD3<Int32>(scaled.rounded(.down), rounding: .towardZero)
        var twin: Int?
        for step in 0..<27 where twin == nil {
          let offset = SIMD3<Int32>(
            Int32(step % 3 - 1), Int32(step / 3 % 3 - 1), Int32(step / 9 - 1))
          twin = seen[key &+ offset]?.first { other in
            let there = Vector(longitude: longitudes[other], latitude: latitudes[other])
            return (there - place).lengthSquared < 1e-12 && !dropped.contains(other)
          }
        }
        if let twin {
          if inwards(cell) > inwards(twin) {
            repeated.append(twin)
            dropped.insert(twin)
            seen[key, default: []].append(cell)
          } else {
            repeated.append(cell)
          }
        } else {
          seen[key, default: []].append(cell)
        }
      }
    }
    return repeated
  }
}
