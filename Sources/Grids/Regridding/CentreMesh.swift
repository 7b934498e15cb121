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
      let nodes = [
        row * width + column, row * width + next, (row + 1) * width + next,
        (row + 1) * width + column,
      ]
      var box = Box()
      var longest = 0.0
      for (index, node) in nodes.enumerated() {
        guard centres[node].isFinite else { return Box() }
        box.add(centres[node])
        longest = max(longest, (centres[node] - centres[nodes[(index + 1) % 4]]).length)
      }
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
    let width = grid.width
    tree.visit(box) { row, column in
      if found != nil { return }
      let next = column + 1 == width ? 0 : column + 1
      let nodes = [
        row * width + column, row * width + next, (row + 1) * width + next,
        (row + 1) * width + column,
      ]
      let vectors = nodes.map { centres[$0] }
      guard vectors.allSatisfy(\.isFinite),
        vectors.contains(where: { $0.dot(point) > 0 })
      else { return }
      let corners = nodes.map { (longitude: grid.longitudes[$0], latitude: grid.latitudes[$0]) }
      let plane =
        Quadrilateral(corners, around: (place.longitude, place.latitude))
        ?? Quadrilateral(vectors, touching: point)
      if let (a, b) = plane?.coordinates() {
        found = Found(row: row, column: column, nextColumn: next, a: a, b: b)
      }
    }
    return found
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
