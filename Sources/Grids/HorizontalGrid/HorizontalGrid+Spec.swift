// Room: Grids. Grids by name: `r360x180`, `global_0.25`, `n80`, a box with a step, a point.

internal import Foundation
internal import GridFiles

extension HorizontalGrid {
  /// A longitude–latitude grid by its name.
  ///
  /// | name | grid |
  /// | --- | --- |
  /// | `r360x180` | global, columns × rows; longitudes from 0° E, latitudes from the south, no row at the poles where rows are even in number: centres at half steps (as CDO) |
  /// | `r360x181` | the same with an odd number of rows: the first and last at the poles (as CDO) |
  /// | `global_0.25` | global with that step in degrees, from 180° W and 90° S, centres at half steps (as CDO) |
  /// | `n80`, `F80` | global Gaussian with 80 rows between pole and equator, from the north, 320 columns |
  /// | `-10:30:0.25,30:60:0.25` | a box: first and last centre and step of longitudes, then of latitudes |
  /// | `lon=10.5/lat=54` | one place |
  ///
  /// Edge cases: a box may cross the date line (`170:-170:1`) and run from north to south
  /// (`60:30:0.25`).
  /// Throws: `GridError` with code `misuse` for anything else.
  public init(spec: String) throws(GridError) {
    let text = spec.trimmingBlanks
    var found = try Self.regular(text)
    if found == nil { found = try Self.global(text) }
    if found == nil { found = try Self.gaussian(text) }
    if found == nil { found = try Self.point(text) }
    if found == nil { found = try Self.box(text) }
    if let found {
      self = found
      return
    }
    throw GridError(
      .misuse,
      "'\(spec)' names no grid; give r360x180, global_0.25, n80, "
        + "LON:LON:STEP,LAT:LAT:STEP or lon=LON/lat=LAT")
  }

  /// A grid of longitudes and latitudes in degrees, with CF's attributes.
  public init(longitudes: [Double], latitudes: [Double]) {
    let geometry = RectilinearGeometry(longitudes: longitudes, latitudes: latitudes)
    self.init(
      kind: .geographic,
      x: HorizontalAxis(
        name: "lon", values: longitudes, units: "degrees_east",
        bounds: geometry.longitudeBounds, boundsName: "lon_bnds",
        attributes: [
          "standard_name": "longitude", "long_name": "longitude", "units": "degrees_east",
          "axis": "X", "bounds": "lon_bnds",
        ]),
      y: HorizontalAxis(
        name: "lat", values: latitudes, units: "degrees_north",
        bounds: geometry.latitudeBounds, boundsName: "lat_bnds",
        attributes: [
          "standard_name": "latitude", "long_name": "latitude", "units": "degrees_north",
          "axis": "Y", "bounds": "lat_bnds",
        ]))
  }

  private static let cellLimit = 1_000_000_000

  private static func regular(_ text: String) throws(GridError) -> HorizontalGrid? {
    guard text.hasPrefix("r") else { return nil }
    let parts = text.dropFirst().split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let columns = Int(parts[0]), let rows = Int(parts[1]) else {
      return nil
    }
    try check(columns, rows, text)
    let longitudes = (0..<columns).map { 360 * Double($0) / Double(columns) }
    // CDO: an odd number of rows has one at the equator and ends at the poles.
    let latitudes: [Double]
    if rows % 2 == 1, rows > 1 {
      latitudes = (0..<rows).map { -90 + 180 * Double($0) / Double(rows - 1) }
    } else {
      latitudes = (0..<rows).map { -90 + 180 * (Double($0) + 0.5) / Double(rows) }
    }
    return HorizontalGrid(longitudes: longitudes, latitudes: latitudes)
  }

  private static func global(_ text: String) throws(GridError) -> HorizontalGrid? {
    guard text.hasPrefix("global_"), let step = Double(text.dropFirst(7)), step > 0, step <= 180,
      step > 1e-3
    else { return nil }
    let (columns, rows) = (Int((360 / step).rounded()), Int((180 / step).rounded()))
    try check(columns, rows, text)
    return HorizontalGrid(
      longitudes: (0..<columns).map { -180 + step * (Double($0) + 0.5) },
      latitudes: (0..<rows).map { -90 + step * (Double($0) + 0.5) })
  }

  private static func gaussian(_ text: String) throws(GridError) -> HorizontalGrid? {
    guard let letter = text.first, "nNfF".contains(letter), let number = Int(text.dropFirst()),
      number > 0
    else { return nil }
    guard number <= 8000 else {
      throw GridError(.misuse, "'\(text)' is too fine a Gaussian grid; give at most 8000 rows")
    }
    let columns = 4 * number
    return HorizontalGrid(
      longitudes: (0..<columns).map { 360 * Double($0) / Double(columns) },
      latitudes: gaussianLatitudes(2 * number))
  }

  private static func point(_ text: String) throws(GridError) -> HorizontalGrid? {
    let parts = text.split(separator: "/")
    guard parts.count == 2, parts[0].hasPrefix("lon="), parts[1].hasPrefix("lat="),
      let longitude = Double(parts[0].dropFirst(4)), let latitude = Double(parts[1].dropFirst(4)),
      longitude.isFinite, abs(longitude) <= 720, abs(latitude) <= 90
    else { return nil }
    return HorizontalGrid(longitudes: [longitude], latitudes: [latitude])
  }

  private static func box(_ text: String) throws(GridError) -> HorizontalGrid? {
    let parts = text.split(separator: ",")
    guard parts.count == 2, let longitudes = range(parts[0], isLongitude: true),
      let latitudes = range(parts[1], isLongitude: false)
    else { return nil }
    try check(longitudes.count, latitudes.count, text)
    return HorizontalGrid(longitudes: longitudes, latitudes: latitudes)
  }

  private static func range(_ text: Substring, isLongitude: Bool) -> [Double]? {
    let numbers = text.split(separator: ":").map { Double(String($0).trimmingBlanks) }
    guard numbers.count == 3, let first = numbers[0], var last = numbers[1], let step = numbers[2],
      step.isFinite, abs(step) > 1e-6, abs(first) <= 720, abs(last) <= 720
    else { return nil }
    if !isLongitude, abs(first) > 90 || abs(last) > 90 { return nil }
    if isLongitude, last < first, step > 0 { last += 360 }
    let size = abs(step)
    let count = (abs(last - first) / size + 1e-6).rounded(.down) + 1
    guard count < 1e8 else { return nil }
    let direction = last < first ? -size : size
    return (0..<Int(count)).map { first + direction * Double($0) }
  }

  private static func check(_ columns: Int, _ rows: Int, _ text: String) throws(GridError) {
    let (cells, overflow) = columns.multipliedReportingOverflow(by: rows)
    guard columns > 0, rows > 0, columns < 10_000_000, rows < 10_000_000, !overflow,
      cells <= cellLimit
    else {
      throw GridError(.misuse, "'\(text)' has no cells, or more than \(cellLimit)")
    }
  }

  /// The latitudes of a Gaussian grid from the north: the roots of Legendre's polynomial.
  static func gaussianLatitudes(_ count: Int) -> [Double] {
    (0..<count).map { index in
      // Newton's method, from the asymptotic root.
      var z = cos(.pi * (Double(index) + 0.75) / (Double(count) + 0.5))
      for _ in 0..<20 {
        var (p, previous) = (1.0, 0.0)
        for degree in 1...count {
          let k = Double(degree)
          (p, previous) = (((2 * k - 1) * z * p - (k - 1) * previous) / k, p)
        }
        let slope = Double(count) * (z * p - previous) / (z * z - 1)
        let step = p / slope
        z -= step
        if abs(step) < 1e-15 { break }
      }
      return asin(z) / radiansPerDegree
    }
  }
}
