// Room: Grids. Bilinear and bicubic weights from rows of one latitude and columns of one longitude.

internal import Foundation

/// Bilinear or bicubic in longitude and latitude, cyclic where the grid is, with or without poles.
///
/// Source: SCRIP user's guide, section 2.3 (bilinear); ESMF reference manual, pole methods.
struct RectilinearBilinear: Sendable {
  private let source: RectilinearGeometry
  private let target: GridGeometry
  private let x: MonotoneAxis
  private let y: MonotoneAxis
  private let pole: RegridOptions.Pole
  private let isCubic: Bool

  init(
    _ source: RectilinearGeometry, _ target: GridGeometry, pole: RegridOptions.Pole,
    isCubic: Bool
  ) {
    self.source = source
    self.target = target
    self.isCubic = isCubic
    self.pole = source.isCyclic ? pole : .none
    x = MonotoneAxis(source.longitudes, period: 360, isCyclic: source.isCyclic)
    y = MonotoneAxis(source.latitudes)
  }

  func rows(_ range: Range<Int>) -> WeightRows {
    var rows = WeightRows()
    var known: (row: Int, y: MonotoneAxis.Bracket?)?
    for cell in range {
      let (row, column) = cell.quotientAndRemainder(dividingBy: target.width)
      let place = target.centre(row: row, column: column)
      let alongY: MonotoneAxis.Bracket?
      if target.isRectilinear, let known, known.row == row {
        alongY = known.y
      } else {
        alongY = y.bracket(place.latitude)
        known = (row, alongY)
      }
      if let alongX = x.bracket(place.longitude) {
        if let alongY, isCubic {
          addCubic(&rows, alongX, alongY)
        } else if let alongY {
          addRow(&rows, alongY.lower, 1 - alongY.fraction, alongX)
          addRow(&rows, alongY.upper, alongY.fraction, alongX)
        } else if let end = rowNextToPole(place.latitude) {
          addPolar(&rows, end, place, alongX)
        }
      }
      rows.endRow()
    }
    return rows
  }

  private func addRow(
    _ rows: inout WeightRows, _ row: Int, _ weight: Double, _ x: MonotoneAxis.Bracket
  ) {
    let first = row * source.longitudes.count
    rows.add(first + x.lower, weight * (1 - x.fraction))
    rows.add(first + x.upper, weight * x.fraction)
  }

  private func addCubic(
    _ rows: inout WeightRows, _ alongX: MonotoneAxis.Bracket, _ alongY: MonotoneAxis.Bracket
  ) {
    let width = source.longitudes.count
    let (south, north) = (alongY.lower * width, alongY.upper * width)
    BicubicWeights.add(
      to: &rows,
      cells: (
        south + alongX.lower, south + alongX.upper, north + alongX.upper, north + alongX.lower
      ),
      a: alongX.fraction, b: alongY.fraction,
      signs: (x.isReversed ? -1 : 1, y.isReversed ? -1 : 1))
  }

  // MARK: Poles

  private struct End {
    let row: Int
    let latitude: Double
    let pole: Double
  }

  /// The row that stands between a latitude and a pole less than a row away from it.
  private func rowNextToPole(_ latitude: Double) -> End? {
    guard pole != .none, source.latitudes.count > 1, latitude.isFinite, abs(latitude) <= 90 else {
      return nil
    }
    let last = source.latitudes.count - 1
    let isNorth = latitude > 0
    let row = (source.latitudes[0] < source.latitudes[last]) == isNorth ? last : 0
    let inner = row == 0 ? 1 : last - 1
    let pole = isNorth ? 90.0 : -90.0
    let gap = abs(pole - source.latitudes[row])
    guard gap > 0, gap <= 1.1 * abs(source.latitudes[row] - source.latitudes[inner]) else {
      return nil
    }
    return End(row: row, latitude: source.latitudes[row], pole: pole)
  }

  /// Adds a link of the value alone.
  private func add(_ rows: inout WeightRows, _ cell: Int, _ weight: Double) {
    if isCubic { rows.add(cell, [weight, 0, 0, 0]) } else { rows.add(cell, weight) }
  }

  private func addPolar(
    _ rows: inout WeightRows, _ end: End, _ place: (longitude: Double, latitude: Double),
    _ alongX: MonotoneAxis.Bracket
  ) {
    let first = end.row * source.longitudes.count
    switch pole {
    case .none: return
    case .average:
      let fraction = (place.latitude - end.latitude) / (end.pole - end.latitude)
      let columns = x.indices
      let mean = fraction / Double(columns.count)
      for column in columns {
        var weight = mean
        if column == alongX.lower { weight += (1 - fraction) * (1 - alongX.fraction) }
        if column == alongX.upper { weight += (1 - fraction) * alongX.fraction }
        add(&rows, first + column, weight)
      }
    case .nearestFour:
      // The four of the last row: the next row is further away than all of it only far from the
      // pole, where nothing is asked of this.
      let here = Vector(longitude: place.longitude, latitude: place.latitude)
      let nearest = x.indices.map { column in
        let point = Vector(longitude: source.longitudes[column], latitude: end.latitude)
        return (column: column, distance: (point - here).length)
      }.sorted { ($0.distance, $0.column) < ($1.distance, $1.column) }.prefix(4)
      let total = nearest.reduce(0) { $0 + 1 / ($1.distance + 1e-20) }
      for one in nearest {
        add(&rows, first + one.column, 1 / (one.distance + 1e-20) / total)
      }
    }
  }
}
