// Room: Grids. The quadrilaterals between the centres of a curvilinear grid.

internal import Foundation

/// The mesh whose nodes are the centres of a curvilinear grid: finds the four around a place.
struct CentreMesh: Sendable {
  private let grid: CurvilinearGeometry
  private let centres: [Vector]
  private let columns: Int
  private let tree: BoxTree

  init(_ grid: CurvilinearGeometry, threads: Int) {
    self.grid = grid
    let (width, height) = (grid.width, grid.height)
    let centres = GridGeometry(grid).centreVectors(threads: threads)
    self.centres = centres
    let columns = grid.isCyclic ? width : max(0, width - 1)
    self.columns = columns
    tree = BoxTree(width: columns, height: max(0, height - 1), threads: threads) { row, column in
      let next = column + 1 == width ? 0 : column + 1
      let p = centres[row * width + column]
      let q = centres[row * width + next]
      let r = centres[(row + 1) * width + next]
      let s = centres[(row + 1) * width + column]
      guard p.isFinite, q.isFinite, r.isFinite, s.isFinite else { return Box() }
      var box = Box()
      box.add(p)
      box.add(q)
      box.add(r)
      box.add(s)
      let longest = max((p - q).length, (q - r).length, (r - s).length, (s - p).length)
      // Sides are straight in longitude and latitude, which bulge out of the chords between nodes.
      return box.grown(by: 0.25 * longest * longest + 1e-9)
    }
  }

  /// A place among four nodes: their cells in order around it, and how far along the first and the
  /// last side it lies.
  struct Found {
    let row: Int
    let column: Int
    let nextColumn: Int
    let a: Double
    let b: Double
  }

  /// The nodes around a place in degrees; nil outside the mesh.
  func find(_ place: (longitude: Double, latitude: Double)) -> Found? {
    let point = Vector(longitude: place.longitude, latitude: place.latitude)
    guard point.isFinite else { return nil }
    var box = Box()
    box.add(point)
    var found: Found?
    tree.visit(box) { row, column in
      let next = column + 1 == grid.width ? 0 : column + 1
      let nodes = Nodes(
        row * grid.width + column, row * grid.width + next, (row + 1) * grid.width + next,
        (row + 1) * grid.width + column)
      guard let (a, b) = coordinates(of: point, place, in: nodes) else { return false }
      found = Found(row: row, column: column, nextColumn: next, a: a, b: b)
      return true
    }
    return found
  }

  private typealias Nodes = SIMD4<Int>

  private func coordinates(
    of point: Vector, _ place: (longitude: Double, latitude: Double), in nodes: Nodes
  ) -> (a: Double, b: Double)? {
    let (p, q) = (centres[nodes[0]], centres[nodes[1]])
    let (r, s) = (centres[nodes[2]], centres[nodes[3]])
    guard p.isFinite, q.isFinite, r.isFinite, s.isFinite else { return nil }
    // Behind the Earth, longitudes and latitudes may seem to enclose the place too.
    var around = Box()
    around.add(p)
    around.add(q)
    around.add(r)
    around.add(s)
    let size = (around.high - around.low).length
    guard around.distanceSquared(to: point) <= size * size else { return nil }
    let longitudes = SIMD4(
      grid.longitudes[nodes[0]], grid.longitudes[nodes[1]], grid.longitudes[nodes[2]],
      grid.longitudes[nodes[3]])
    let latitudes = SIMD4(
      grid.latitudes[nodes[0]], grid.latitudes[nodes[1]], grid.latitudes[nodes[2]],
      grid.latitudes[nodes[3]])
    let plane =
      Quadrilateral(longitudes, latitudes, around: place)
      ?? Quadrilateral(p, q, r, s, touching: point)
    return plane?.coordinates()
  }
}

/// Bilinear weights from a curvilinear grid.
struct CurvilinearBilinear: Sendable {
  let mesh: CentreMesh
  let width: Int
  let target: GridGeometry

  func rows(_ range: Range<Int>) -> WeightRows {
    var rows = WeightRows()
    for cell in range {
      let place = target.centre(row: cell / target.width, column: cell % target.width)
      if let at = mesh.find(place) {
        let (south, north) = (at.row * width, (at.row + 1) * width)
        rows.add(south + at.column, (1 - at.a) * (1 - at.b))
        rows.add(south + at.nextColumn, at.a * (1 - at.b))
        rows.add(north + at.nextColumn, at.a * at.b)
        rows.add(north + at.column, (1 - at.a) * at.b)
      }
      rows.endRow()
    }
    return rows
  }
}
