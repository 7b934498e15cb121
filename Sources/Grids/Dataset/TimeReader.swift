// Room: Grids. When the values of a file hold: from its coordinates, else its attributes, else its name.

internal import Foundation
internal import GridFiles

/// Reads the times of one variable in one file.
struct TimeReader {
  let view: FileView
  let variable: NetCDFVariable
  let layout: VariableLayout
  private(set) var notes: [String] = []

  private var header: FileHeader { view.header }

  init(_ view: FileView, _ variable: NetCDFVariable, _ layout: VariableLayout) {
    self.view = view
    self.variable = variable
    self.layout = layout
  }

  /// One entry for each index along the variable's time dimension, or one where it has none; nil
  /// where nothing says when the values hold.
  mutating func read() throws(GridError) -> TimeAxis? {
    guard let dimension = layout.time.map({ variable.dimensions[$0] }) else {
      if let coordinate = scalarTime() { return try decode(coordinate, count: 1) }
      return timeFromAttributesOrName()
    }
    if let coordinate = timeCoordinate(along: dimension) {
      return try decode(coordinate, count: dimension.length)
    }
    if let axis = try texts(along: dimension) { return axis }
    if let axis = try forecastTimes(along: dimension) { return axis }
    throw GridError(
      .time, path: view.path, variable: variable.name,
      "dimension '\(dimension.name)' has no time coordinate with units like "
        + "'seconds since 1970-01-01 00:00:00'; add one")
  }

  // MARK: Coordinates

  static func isTime(_ candidate: NetCDFVariable) -> Bool {
    guard candidate.type.isNumeric, hasTimeUnits(candidate) else { return false }
    let name = candidate.standardNameText
    return name.isEmpty || name == "time"
  }

  static func hasTimeUnits(_ candidate: NetCDFVariable) -> Bool {
    CFTimeUnits.looksLikeTime(candidate.unitsText) || AbsoluteDates(candidate.unitsText) != nil
  }

  private mutating func timeCoordinate(along dimension: NetCDFDimension) -> NetCDFVariable? {
    if let coordinate = header.coordinateVariable(of: dimension), Self.isTime(coordinate) {
      return coordinate
    }
    let listed = header.listedCoordinates(of: variable).found
    if let found = listed.first(where: { $0.dimensions == [dimension] && Self.isTime($0) }) {
      return found
    }
    let along = header.variables.filter {
      $0.dimensions == [dimension] && Self.isTime($0) && !header.boundsNames.contains($0.shortName)
    }
    let found =
      along.first { $0.attributes.text("standard_name") == "time" }
      ?? along.first { AxisRole(dimensionName: $0.name) == .time }
    if let found {
      notes.append("times taken from '\(found.name)', the time along '\(dimension.name)'")
    }
    return found
  }

  private func scalarTime() -> NetCDFVariable? {
    let isScalar = { (candidate: NetCDFVariable) in candidate.count == 1 }
    if let listed = header.listedCoordinates(of: variable).found.first(where: {
      isScalar($0) && Self.isTime($0)
    }) {
      return listed
    }
    // The only time along a dimension that other variables have is theirs, not this one's.
    let scalars = header.variables.filter { candidate in
      guard isScalar(candidate), Self.isTime(candidate) else { return false }
      guard let dimension = candidate.dimensions.first else { return true }
      return !header.variables.contains {
        $0.dimensions.count > 2 && $0.dimensions.contains(dimension)
      }
    }
    return scalars.first { $0.attributes.text("standard_name") == "time" }
      ?? scalars.first { ["time", "valid_time"].contains($0.shortName.lowercased()) }
      ?? scalars.first { $0.shortName.lowercased().hasPrefix("valid") }
  }

  func units(of coordinate: NetCDFVariable) throws(GridError) -> CFTimeUnits {
    let name = coordinate.attributes.text("calendar") ?? ""
    guard let calendar = CFCalendar(cfName: name) else {
      throw GridError(
        .time, path: view.path, variable: coordinate.name,
        "calendar '\(name)' is not known; CF has standard, proleptic_gregorian, julian, noleap, "
          + "all_leap and 360_day")
    }
    do throws(GridError) {
      return try CFTimeUnits(coordinate.unitsText, calendar: calendar)
    } catch {
      throw GridError(.time, path: view.path, variable: coordinate.name, error.message)
    }
  }

  private mutating func decode(
    _ coordinate: NetCDFVariable, count: Int
  ) throws(GridError) -> TimeAxis {
    let times: [CFTime]
    var bounds: [TimeBounds]?
    var isClimatology = false
    if let dates = AbsoluteDates(coordinate.unitsText) {
      times = try dates.times(try view.doubles(coordinate)).orThrow(impossible(coordinate))
    } else {
      let units = try units(of: coordinate)
      times = try instants(of: coordinate, units)
      bounds = try self.bounds(of: coordinate, units, count: count)
      isClimatology = bounds != nil && coordinate.attributes.text("climatology") != nil
    }
    guard times.count == count else {
      throw GridError(
        .time, path: view.path, variable: coordinate.name,
        "has \(times.count) times for \(count) frames; repair the file")
    }
    return TimeAxis(
      name: coordinate.shortName, times: times, bounds: bounds, isClimatology: isClimatology,
      units: coordinate.unitsText, attributes: coordinate.attributes)
  }

  private func impossible(_ coordinate: NetCDFVariable) -> GridError {
    GridError(
      .time, path: view.path, variable: coordinate.name,
      "holds missing or impossible times; repair the file")
  }

  func instants(
    of coordinate: NetCDFVariable, _ units: CFTimeUnits
  ) throws(GridError) -> [CFTime] {
    let stored = try view.values(coordinate)
    let packing = Packing(coordinate)
    let isMissing = packing.doubles(stored)?.contains(where: \.isNaN) ?? true
    let counts = packing.isPacked ? packing.doubles(stored).map(NetCDFValues.double) : stored
    guard !isMissing, let times = counts.flatMap(units.times) else { throw impossible(coordinate) }
    return times
  }

  private func bounds(
    of coordinate: NetCDFVariable, _ units: CFTimeUnits, count: Int
  ) throws(GridError) -> [TimeBounds]? {
    let names = ["bounds", "climatology"].compactMap { coordinate.attributes.text($0) }
    for name in names {
      guard let bounds = header.variable(name, seenFrom: coordinate.groupPrefix),
        bounds.type.isNumeric, bounds.count == 2 * count
      else { continue }
      // Bounds may leave units to their parent (CF 7.1).
      let own = CFTimeUnits.looksLikeTime(bounds.unitsText) ? try self.units(of: bounds) : units
      // Bounds that cannot be read must not make the times useless.
      guard let edges = try? instants(of: bounds, own) else { continue }
      return (0..<count).map { index in
        let (a, b) = (edges[2 * index], edges[2 * index + 1])
        return TimeBounds(start: min(a, b), end: max(a, b))
      }
    }
    guard count == 1, let start = startVariable(), start.name != coordinate.name else { return nil }
    let first = try instants(of: start, try self.units(of: start))
    let end = try instants(of: coordinate, units)
    guard first.count == 1, end.count == 1, first[0] < end[0] else { return nil }
    return [TimeBounds(start: first[0], end: end[0])]
  }

  private func startVariable() -> NetCDFVariable? {
    header.variables.first { candidate in
      candidate.count == 1 && candidate.type.isNumeric
        && CFTimeUnits.looksLikeTime(candidate.unitsText)
        && ["start_time", "time_start", "begin_time", "starttime"].contains(
          candidate.shortName.lowercased())
    }
  }

  // MARK: Texts and forecasts

  /// Times written out, as WRF does: `Times(Time, DateStrLen)`.
  private mutating func texts(along dimension: NetCDFDimension) throws(GridError) -> TimeAxis? {
    let candidates = header.variables.filter {
      $0.dimensions.first == dimension
        && (($0.type == .char && $0.dimensions.count == 2)
          || ($0.type == .string && $0.dimensions.count == 1))
    }
    for candidate in candidates {
      guard let texts = try view.texts(candidate), texts.count == dimension.length else { continue }
      let times = texts.compactMap { text in
        try? CFTime(iso8601: text.replacing("_", with: "T"))
      }
      guard times.count == texts.count else { continue }
      notes.append("times taken from the texts of '\(candidate.name)'")
      return TimeAxis(name: candidate.shortName, times: times, attributes: candidate.attributes)
    }
    return nil
  }

  /// Times of a forecast: its reference plus its periods, one of which may be a single one.
  private mutating func forecastTimes(
    along dimension: NetCDFDimension
  ) throws(GridError) -> TimeAxis? {
    guard let coordinate = header.coordinateVariable(of: dimension), coordinate.type.isNumeric
    else { return nil }
    switch header.role(of: dimension) {
    case .reference:
      let references = try instants(of: coordinate, try units(of: coordinate))
      var period = Duration.zero
      if let scalar = scalar(.period) { period = try periods(scalar)?.first ?? .zero }
      notes.append("times taken as '\(coordinate.name)' plus the forecast period")
      return TimeAxis(
        name: coordinate.shortName, times: references.map { $0.advanced(by: period) },
        units: coordinate.unitsText)
    case .period:
      guard let periods = try periods(coordinate), let reference = scalar(.reference),
        let start = try instants(of: reference, try units(of: reference)).first
      else { return nil }
      notes.append("times taken as '\(reference.name)' plus '\(coordinate.name)'")
      return TimeAxis(
        name: coordinate.shortName, times: periods.map { start.advanced(by: $0) },
        units: reference.unitsText)
    default: return nil
    }
  }

  private func scalar(_ role: AxisRole) -> NetCDFVariable? {
    let scalars = header.variables.filter { $0.count == 1 && $0.type.isNumeric }
    return scalars.first { $0.axisRole == role }
      ?? scalars.first { AxisRole(dimensionName: $0.shortName) == role }
  }

  private func periods(_ coordinate: NetCDFVariable) throws(GridError) -> [Duration]? {
    guard let unit = CFTimeUnits.nanoseconds(in: coordinate.unitsText, .standard) else {
      return nil
    }
    return try view.doubles(coordinate).map { count in
      let nanoseconds = count * Double(unit)
      return .nanoseconds(nanoseconds.magnitude < 9e18 ? Int64(nanoseconds.rounded()) : 0)
    }
  }

  // MARK: Attributes and names

  private mutating func timeFromAttributesOrName() -> TimeAxis? {
    // Where other variables change along a time, this one holds always.
    let hasTimes = header.variables.contains { candidate in
      candidate.dimensions.count == 1 && (candidate.count ?? 2) > 1 && Self.isTime(candidate)
    }
    guard !hasTimes else { return nil }
    for name in [
      "nominal_product_time", "nominal_time", "time_coverage_end", "time_coverage_start",
    ] {
      guard let text = header.attributes.text(name), let time = try? CFTime(iso8601: text) else {
        continue
      }
      notes.append("time taken from global attribute '\(name)'")
      return TimeAxis(name: name, times: [time])
    }
    let name = URL(filePath: view.path).lastPathComponent
    if let time = TimeReader.time(inFileName: name) {
      notes.append("time guessed from the file's name")
      return TimeAxis(name: "time", times: [time])
    }
    return nil
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

/// Dates written as numbers: `day as %Y%m%d.%f`, which CDO and HYCOM use.
struct AbsoluteDates {
  private let hasDay: Bool

  init?(_ units: String) {
    switch units.lowercased().words.joined(separator: " ") {
    case "day as %y%m%d.%f", "day as %y%m%d", "yyyymmdd": hasDay = true
    case "month as %y%m.%f", "month as %y%m", "yyyymm": hasDay = false
    default: return nil
    }
  }

  func times(_ values: [Double]) -> [CFTime]? {
    let times = values.compactMap { value -> CFTime? in
      guard value.isFinite, abs(value) < 1e9 else { return nil }
      let whole = value.rounded(.down)
      let number = Int(whole)
      guard
        let day = hasDay
          ? CFTime(year: number / 10000, month: number / 100 % 100, day: number % 100)
          : CFTime(year: number / 100, month: number % 100, day: 1)
      else { return nil }
      return hasDay ? day.advanced(by: .seconds(Int(((value - whole) * 86400).rounded()))) : day
    }
    return times.count == values.count ? times : nil
  }
}

extension Optional {
  /// The value, or `error`.
  func orThrow(_ error: @autoclosure () -> GridError) throws(GridError) -> Wrapped {
    guard let self else { throw error() }
    return self
  }
}
