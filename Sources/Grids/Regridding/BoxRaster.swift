// Room: Grids. The exact areas that a polygon of great circles has in boxes of longitude and latitude.

internal import Foundation

/// Cuts polygons of great circles into the boxes of a rectilinear grid, whose northern and southern
/// sides are circles of latitude.
///
/// The area of a polygon between the sines s₁ and s₂ of two latitudes and between two meridians is
/// minus the integral of clamp(sin φ, s₁, s₂) over longitude along those parts of its boundary that
/// lie between the meridians (Green's theorem in λ and sin φ). It needs no polygon of the overlap,
/// has no special cases, and the areas of all boxes add up to that of the polygon.
struct BoxRaster: Sendable {
  /// An overlap: which box, its area in steradians and, where asked for, its middle.
  struct Overlap: Sendable {
    let row: Int
    let column: Int
    let area: Double
    let middle: Vector
  }

  private let columns: Intervals
  private let rows: Intervals
  private let sines: [(south: Double, north: Double)]

  /// - Parameter isSource: whether columns that repeat others after a whole turn are left out.
  init(_ grid: RectilinearGeometry, isSource: Bool) {
    columns = Intervals(
      grid.longitudes.indices.map { grid.longitudeEdges($0) },
      isFalling: (grid.longitudes.last ?? 0) < (grid.longitudes.first ?? 0),
      turn: isSource ? 360 : nil)
    let edges = grid.latitudes.indices.map { grid.latitudeEdges($0) }
    rows = Intervals(
      edges, isFalling: (grid.latitudes.last ?? 0) < (grid.latitudes.first ?? 0), turn: nil)
    sines = edges.map { (Self.sine($0.south), Self.sine($0.north)) }
  }

  static func sine(_ latitude: Double) -> Double {
    abs(latitude) >= 90 ? (latitude < 0 ? -1 : 1) : sin(latitude * radiansPerDegree)
  }

  /// The overlaps of a polygon with all boxes that it touches.
  func overlaps(_ polygon: SphericalPolygon, middles: Bool, _ body: (Overlap) -> Void) {
    let boundary = Boundary(polygon)
    let (west, east) = boundary.longitudes
    let (south, north) = boundary.latitudes
    let touchedRows = rows.touching(south, north)
    if touchedRows.isEmpty { return }
    let firstTurn = ((west - columns.high) / 360).rounded(.up)
    let lastTurn = ((east - columns.low) / 360).rounded(.down)
    guard firstTurn <= lastTurn, lastTurn - firstTurn < 8 else { return }
    var turn = firstTurn
    while turn <= lastTurn {
      for position in columns.touching(west - 360 * turn, east - 360 * turn) {
        let column = columns.cells[position]
        let pieces = boundary.pieces(
          from: (column.low + 360 * turn) * radiansPerDegree,
          to: (column.high + 360 * turn) * radiansPerDegree)
        if pieces.isEmpty { continue }
        for place in touchedRows {
          let row = rows.cells[place].index
          let (s1, s2) = sines[row]
          var sum = Moments()
          for piece in pieces { piece.add(below: s2, minus: s1, middles, &sum) }
          let area = -sum.area
          if area > 1e-17 {
            body(
              Overlap(
                row: row, column: column.index, area: area,
                middle: middles ? sum.middle : .zero))
          }
        }
      }
      turn += 1
    }
  }
}

/// Neighbouring intervals along an axis, in rising order.
private struct Intervals: Sendable {
  struct Cell: Sendable {
    let index: Int
    let low: Double
    let high: Double
  }

  let cells: [Cell]
  var low: Double { cells.first?.low ?? 0 }
  var high: Double { cells.last?.high ?? 0 }

  init(_ edges: [(Double, Double)], isFalling: Bool, turn: Double?) {
    let all = edges.enumerated().map { Cell(index: $0, low: $1.0, high: $1.1) }
    var cells = isFalling ? all.reversed() : all
    if let turn, let first = cells.first {
      // A column that begins where the first has come round again is the first once more.
      while cells.count > 1, let last = cells.last, last.low >= first.low + turn - 1e-6 {
        cells.removeLast()
      }
    }
    self.cells = cells
  }

  /// The positions of the intervals that reach between `from` and `to`.
  func touching(_ from: Double, _ to: Double) -> Range<Int> {
    let first = partition { $0.high > from }
    let last = partition { $0.low >= to }
    return first..<max(first, last)
  }

  /// The first position from which on `condition` holds.
  private func partition(_ condition: (Cell) -> Bool) -> Int {
    var (low, high) = (0, cells.count)
    while low < high {
      let middle = (low + high) / 2
      if condition(cells[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// Integrals over a region of longitude λ and sine of latitude s.
struct Moments {
  /// −∫∫ dλ ds
  var area = 0.0
  /// −∫∫ λ dλ ds
  var alongLongitude = 0.0
  /// −∫∫ s dλ ds
  var alongSine = 0.0

  /// The middle of the region as a place.
  var middle: Vector {
    let (lambda, s) = (alongLongitude / area, min(1, max(-1, alongSine / area)))
    let c = (1 - s * s).squareRoot()
    return Vector(c * cos(lambda), c * sin(lambda), s)
  }
}
