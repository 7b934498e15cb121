// Room: Grids. The quadrilaterals between the centres of a curvilinear grid.

internal import Foundation

/// The mesh whose nodes are the centres of a curvilinear grid: finds the four around a place.
final class CentreMesh: Sendable {
  private let grid: CurvilinearGeometry
  private let centres: [Vector]
  private let tree: BoxTree
  /// The sum of the columns of two cells of the last row that face each other across a fold.
  private let fold: Int?

  init(_ grid: CurvilinearGeometry, threads: Int) {
    self.grid = grid
    let centres = GridGeometry(grid).centreVectors(threads: threads)
    self.centres = centres
    let fold = Self.fold(grid, centres)
    self.fold = fold
    let columns = grid.isCyclic ? grid.width : max(0, grid.width - 1)
    let rows = max(0, grid.height - 1) + (fold == nil ? 0 : 1)
    tree = BoxTree(width: columns, height: rows, threads: threads) { row, column in
      let nodes = Self.nodes(row, column, grid, fold)
      let (p, q) = (centres[nodes[0]], centres[nodes[1]])
      let (r, s) = (centres[nodes[2]], centres[nodes[3]])
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

  typealias Nodes = SIMD4<Int>

  /// The cells at the corners of an element, in order around it.
  @inline(__always)
  private static func nodes(
    _ row: Int, _ column: Int, _ grid: CurvilinearGeometry, _ fold: Int?
  ) -> Nodes {
    let width = grid.width
    let next = column + 1 == width ? 0 : column + 1
    let first = row * width
    if row + 1 < grid.height {
      return Nodes(first + column, first + next, first + width + next, first + width + column)
    }
    let sum = fold ?? 0
    let across = { (column: Int) in ((sum - column) % width + width) % width }
    return Nodes(first + column, first + next, first + across(next), first + across(column))
  }

  /// How the last row of a tripolar grid is folded onto itself, where the rows that repeat it are
  /// not in the file: cells whose columns have this sum face each other.
  private static func fold(_ grid: CurvilinearGeometry, _ centres: [Vector]) -> Int? {
    let width = grid.width
    guard grid.isCyclic, width > 8, grid.height > 2 else { return nil }
    let top = (grid.height - 1) * width
    var best: (sum: Int, share: Double)?
    for sum in width - 4...width + 2 {
      var (near, all) = (0.0, 0.0)
      for column in stride(from: 0, to: width, by: max(1, width / 256)) {
        let other = ((sum - column) % width + width) % width
        let here = centres[top + column]
        let step = max(
          (centres[top + (column + 1) % width] - here).length,
          (centres[top - width + column] - here).length)
        let gap = (centres[top + other] - here).length
        guard step.isFinite, gap.isFinite else { continue }
        all += 1
        if gap <= 1.5 * step { near += 1 }
      }
      if all > 8, near > 0.9 * all, near / all > best?.share ?? 0 { best = (sum, near / all) }
    }
    return best?.sum
  }

  /// A place among four cells, in order around it, and how far along the first and the last side it
  /// lies.
  struct Found {
    let nodes: Nodes
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
      let nodes = Self.nodes(row, column, grid, fold)
      guard let (a, b) = coordinates(of: point, place, in: nodes) else { return false }
      found = Found(nodes: nodes, a: a, b: b)
      return true
    }
    return found
  }

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

/// Bilinear or bicubic weights from a curvilinear grid.
struct CurvilinearBilinear: Sendable {
  let mesh: CentreMesh
  let target: GridGeometry
  let isCubic: Bool

  func rows(_ range: Range<Int>) -> WeightRows {
    var rows = WeightRows()
    for cell in range {
      let place = target.centre(row: cell / target.width, column: cell % target.width)
      if let at = mesh.find(place) {
        let (a, b, nodes) = (at.a, at.b, at.nodes)
        if isCubic {
          BicubicWeights.add(
            to: &rows, cells: (nodes[0], nodes[1], nodes[2], nodes[3]), a: a, b: b, signs: (1, 1))
        } else {
          rows.add(nodes[0], (1 - a) * (1 - b))
          rows.add(nodes[1], a * (1 - b))
          rows.add(nodes[2], a * b)
          rows.add(nodes[3], (1 - a) * b)
        }
      }
      rows.endRow()
    }
    return rows
  }
}
