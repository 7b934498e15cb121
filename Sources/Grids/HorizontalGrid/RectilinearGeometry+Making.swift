// Room: Grids. Rows of one latitude and columns of one longitude from the axes of a grid.

internal import GridFiles

extension RectilinearGeometry {
  /// The geometry of a longitude and a latitude axis.
  ///
  /// Edge cases: edges are the bounds of the file where those enclose the coordinates, else halfway
  /// between neighbours, and never beyond a pole; a row next to a pole reaches it. An axis of a
  /// single coordinate without bounds gets a cell of one degree.
  /// Throws: `GridError` with code `layout` for coordinates that are no longitudes or latitudes.
  convenience init(longitude: HorizontalAxis, latitude: HorizontalAxis) throws(GridError) {
    let x = try Self.degrees(longitude)
    var y = try Self.degrees(latitude)
    for index in y.indices where abs(y[index]) > 90 {
      guard abs(y[index]) < 90.01 else {
        throw GridError(
          .layout, variable: latitude.name,
          "latitude \(y[index]) lies beyond a pole; repair the coordinates")
      }
      y[index] = y[index] < 0 ? -90 : 90
    }
    self.init(
      longitudes: x, latitudes: y,
      longitudeBounds: Self.converted(longitude.bounds, of: longitude),
      latitudeBounds: Self.converted(latitude.bounds, of: latitude))
  }

  private static func degrees(_ axis: HorizontalAxis) throws(GridError) -> [Double] {
    let values = converted(axis.values, of: axis) ?? []
    let rises = zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
    guard !values.isEmpty, values.allSatisfy({ $0.isFinite && abs($0) < 1e5 }),
      rises || zip(values, values.dropFirst()).allSatisfy({ $0 > $1 })
    else {
      throw GridError(
        .layout, variable: axis.name,
        "coordinates neither rise nor fall all along the axis; repair the file")
    }
    guard abs((values.last ?? 0) - (values.first ?? 0)) <= 720 else {
      throw GridError(
        .layout, variable: axis.name, "coordinates span more than two turns; repair the file")
    }
    return values
  }

  private static func converted(_ values: [Double]?, of axis: HorizontalAxis) -> [Double]? {
    guard let values, !axis.units.isEmpty, axis.units.hasPrefix("rad"),
      let unit = try? PhysicalUnit(axis.units), let degree = try? PhysicalUnit("degree"),
      let conversion = try? unit.conversion(to: degree)
    else { return values }
    return values.map { conversion($0) }
  }

  /// Whether the columns go round the whole Earth: by their bounds, or because the gap that is left
  /// is no wider than the steps.
  static func isCyclic(_ longitudes: [Double], bounds: [Double]?) -> Bool {
    guard longitudes.count > 2, let first = longitudes.first, let last = longitudes.last else {
      return false
    }
    if let bounds, bounds.count == 2 * longitudes.count, let low = bounds.min(),
      let high = bounds.max(), abs(high - low - 360) < 1e-3
    {
      return true
    }
    let widest = zip(longitudes, longitudes.dropFirst()).map { abs($1 - $0) }.max() ?? 0
    let gap = 360 - abs(last - first)
    return gap <= 1.1 * widest && widest <= 120 && gap > -1.1 * widest
  }

  /// Bounds moved by whole turns to the coordinates they enclose; nil where they enclose them not.
  static func usable(_ bounds: [Double], _ values: [Double], period: Double?) -> [Double]? {
    guard bounds.count == 2 * values.count, bounds.allSatisfy({ $0.isFinite && abs($0) < 1e5 })
    else { return nil }
    var result = bounds
    for (index, value) in values.enumerated() {
      if let period {
        for side in 0..<2 {
          result[2 * index + side] -=
            ((result[2 * index + side] - value) / period).rounded() * period
        }
      }
      let low = min(result[2 * index], result[2 * index + 1])
      let high = max(result[2 * index], result[2 * index + 1])
      let slack = 1e-6 * max(1, abs(value))
      guard low < high, low <= value + slack, value <= high + slack else { return nil }
    }
    return result
  }

  /// Edges halfway between neighbours, two a cell; the outer ones as far out as the inner ones.
  static func midpoints(_ values: [Double], period: Double?) -> [Double] {
    guard let first = values.first, let last = values.last else { return [] }
    guard values.count > 1 else { return [first - 0.5, first + 0.5] }
    var edges = [Double](repeating: 0, count: values.count + 1)
    for index in 1..<values.count { edges[index] = 0.5 * (values[index - 1] + values[index]) }
    edges[0] = first - 0.5 * (values[1] - first)
    edges[values.count] = last + 0.5 * (last - values[values.count - 2])
    if let period {
      let turn = last > first ? period : -period
      let wrapped = 0.5 * (last - turn + first)
      // A column repeated after a whole turn keeps its width of its own.
      if abs(last - first) < period - 1e-6 {
        edges[0] = wrapped
        edges[values.count] = wrapped + turn
      }
    }
    return values.indices.flatMap { [edges[$0], edges[$0 + 1]] }
  }

  /// Latitude edges that end at a pole where less than a row is missing to it.
  static func reachingPoles(_ bounds: [Double]) -> [Double] {
    var bounds = bounds.map { min(90, max(-90, $0)) }
    guard bounds.count >= 4 else { return bounds }
    for (outer, inner) in [(0, 1), (bounds.count - 1, bounds.count - 2)] {
      let row = abs(bounds[outer] - bounds[inner])
      let pole = bounds[outer] > bounds[inner] ? 90.0 : -90.0
      if abs(pole - bounds[outer]) < 0.75 * row { bounds[outer] = pole }
    }
    return bounds
  }
}
