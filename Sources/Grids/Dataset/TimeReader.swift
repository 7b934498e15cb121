// Room: Grids. When the frames of a file hold: from its coordinates, else its attributes, else its name.

internal import Foundation
internal import GridFiles

/// The time of one frame in a file.
struct FrameTime: Sendable {
  var time: CFTime
  /// Start and end of the period that the frame sums or averages over.
  var bounds: (start: CFTime, end: CFTime)?
}

struct TimeReader {
  let file: NetCDFFile
  let variable: NetCDFVariable
  let layout: FieldLayout
  private(set) var notes: [String] = []

  init(_ file: NetCDFFile, _ variable: NetCDFVariable, _ layout: FieldLayout) {
    self.file = file
    self.variable = variable
    self.layout = layout
  }

  /// One entry for each index along the variable's time dimension, or one where it has none.
  mutating func read() throws(GridError) -> [FrameTime] {
    if let dimension = layout.time.map({ variable.dimensions[$0] }) {
      guard let coordinate = timeCoordinate(along: dimension) else {
        throw GridError(
          .time, path: file.path, variable: variable.name,
          "dimension '\(dimension.name)' has no time coordinate with units like "
            + "'seconds since 1970-01-01 00:00:00'; add one")
      }
      return try decode(coordinate, count: dimension.length)
    }
    if let coordinate = scalarTime() { return try decode(coordinate, count: 1) }
    return [FrameTime(time: try timeFromAttributesOrName(), bounds: nil)]
  }

  // MARK: Coordinates

  private func isTime(_ candidate: NetCDFVariable) -> Bool {
    guard candidate.type.isNumeric, CFTimeUnits.looksLikeTime(candidate.unitsText) else {
      return false
    }
    let name = candidate.attributes.text("standard_name") ?? ""
    return name.isEmpty || name == "time"
  }

  private func timeCoordinate(along dimension: NetCDFDimension) -> NetCDFVariable? {
    if let coordinate = file.coordinateVariable(of: dimension), isTime(coordinate) {
      return coordinate
    }
    let listed = listedCoordinates().filter { $0.dimensions == [dimension] && isTime($0) }
    return listed.first
      ?? file.variables.first {
        $0.dimensions == [dimension] && isTime($0) && $0.attributes.text("standard_name") == "time"
      }
  }

  private func listedCoordinates() -> [NetCDFVariable] {
    (variable.attributes.text("coordinates") ?? "").split(whereSeparator: \.isWhitespace)
      .compactMap { file.variable(String($0), seenFrom: variable.groupPrefix) }
  }

  private func scalarTime() -> NetCDFVariable? {
    let isScalar = { (candidate: NetCDFVariable) in candidate.count == 1 }
    if let listed = listedCoordinates().first(where: { isScalar($0) && isTime($0) }) {
      return listed
    }
    let scalars = file.variables.filter { isScalar($0) && isTime($0) }
    return scalars.first { $0.attributes.text("standard_name") == "time" }
      ?? scalars.first { ["time", "valid_time"].contains($0.shortName.lowercased()) }
      ?? scalars.first { $0.shortName.lowercased().hasPrefix("valid") }
  }

  private func units(of coordinate: NetCDFVariable) throws(GridError) -> CFTimeUnits {
    let name = coordinate.attributes.text("calendar") ?? ""
    guard let calendar = CFCalendar(cfName: name) else {
      throw GridError(
        .time, path: file.path, variable: coordinate.name,
        "calendar '\(name)' is not known; CF has standard, proleptic_gregorian, julian, noleap, "
          + "all_leap and 360_day")
    }
    do throws(GridError) {
      return try CFTimeUnits(coordinate.unitsText, calendar: calendar)
    } catch {
      throw GridError(.time, path: file.path, variable: coordinate.name, error.message)
    }
  }

  private mutating func decode(
    _ coordinate: NetCDFVariable, count: Int
  ) throws(GridError) -> [FrameTime] {
    let units = try units(of: coordinate)
    let times = try instants(of: coordinate, units)
    guard times.count == count else {
      throw GridError(
        .time, path: file.path, variable: coordinate.name,
        "has \(times.count) times for \(count) frames; repair the file")
    }
    let bounds = try bounds(of: coordinate, units, count: count)
    return times.indices.map { FrameTime(time: times[$0], bounds: bounds?[$0]) }
  }

  private func instants(
    of coordinate: NetCDFVariable, _ units: CFTimeUnits
  ) throws(GridError) -> [CFTime] {
    let stored = try files { () throws(GridFileError) in try file.values(of: coordinate) }
    let packing = Packing(coordinate)
    let isMissing = packing.doubles(stored)?.contains(where: \.isNaN) ?? true
    let counts = packing.isPacked ? packing.doubles(stored).map(NetCDFValues.double) : stored
    guard !isMissing, let times = counts.flatMap(units.times) else {
      throw GridError(
        .time, path: file.path, variable: coordinate.name,
        "holds missing or impossible times; repair the file")
    }
    return times
  }

  private mutating func bounds(
    of coordinate: NetCDFVariable, _ units: CFTimeUnits, count: Int
  ) throws(GridError) -> [(start: CFTime, end: CFTime)]? {
    if let name = coordinate.attributes.text("bounds"),
      let bounds = file.variable(name, seenFrom: coordinate.groupPrefix), bounds.type.isNumeric,
      bounds.count == 2 * count
    {
      // Bounds may leave units to their parent (CF 7.1).
      let own = CFTimeUnits.looksLikeTime(bounds.unitsText) ? try self.units(of: bounds) : units
      let edges = try instants(of: bounds, own)
      return (0..<count).map { index in
        let (a, b) = (edges[2 * index], edges[2 * index + 1])
        return (min(a, b), max(a, b))
      }
    }
    guard count == 1, let start = startVariable(), start.name != coordinate.name else { return nil }
    let first = try instants(of: start, try self.units(of: start))
    let end = try instants(of: coordinate, units)
    guard first.count == 1, end.count == 1, first[0] < end[0] else { return nil }
    return [(first[0], end[0])]
  }

  private func startVariable() -> NetCDFVariable? {
    file.variables.first { candidate in
      candidate.count == 1 && candidate.type.isNumeric
        && CFTimeUnits.looksLikeTime(candidate.unitsText)
        && ["start_time", "time_start", "begin_time", "starttime"].contains(
          candidate.shortName.lowercased())
    }
  }

  // MARK: Attributes and names

  private mutating func timeFromAttributesOrName() throws(GridError) -> CFTime {
    for name in [
      "nominal_product_time", "nominal_time", "time_coverage_end", "time_coverage_start",
    ] {
      guard let text = file.attributes.text(name), let time = try? CFTime(iso8601: text) else {
        continue
      }
      notes.append("time taken from global attribute '\(name)'")
      return time
    }
    let name = URL(filePath: file.path).lastPathComponent
    if let time = TimeReader.time(inFileName: name) {
      notes.append("time guessed from the file's name")
      return time
    }
    throw GridError(
      .time, path: file.path, variable: variable.name,
      "has no time: no time coordinate, no global attribute, none in the file's name; "
        + "add a scalar variable with standard_name 'time'")
  }

  /// The first date and time of day in a file's name, such as `20201031_0710` or `20180601T070000Z`.
  static func time(inFileName name: String) -> CFTime? {
    let pattern =
      /(?:^|[^0-9])((?:19|20)\d\d)[-_]?(\d\d)[-_]?(\d\d)[-_T.]?(\d\d)[-_:]?(\d\d)(?:[-_:]?(\d\d))?(?:[^0-9]|$)/
    guard let match = name.firstMatch(of: pattern) else { return nil }
    let number = { (text: Substring?) in text.flatMap { Int($0) } ?? 0 }
    return CFTime(
      year: number(match.1), month: number(match.2), day: number(match.3),
      hour: number(match.4), minute: number(match.5), second: number(match.6))
  }
}
