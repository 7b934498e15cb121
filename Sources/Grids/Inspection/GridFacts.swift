// Room: Grids. A grid, its levels and its times in a few words.

internal import Foundation
internal import GridFiles

/// Sentences about where and when values lie, one fact a line.
enum GridFacts {
  /// More cells than this are not placed on Earth only to describe them.
  private static let mostPlaced = 8_000_000

  /// The size and the kind of a grid; then its axes; then what part of the Earth it covers.
  static func lines(_ grid: HorizontalGrid) -> [String] {
    var first = "\(grid.height) rows × \(grid.width) columns, \(grid.kind.rawValue)"
    if let projection = grid.mapping?.projection { first += " (\(projection))" }
    if let (x, y) = grid.spacingKilometres {
      first +=
        abs(x - y) < 0.005 * max(x, y)
        ? String(format: ", cells of %.4g km", x)
        : String(format: ", cells of %.4g km along y, %.4g km along x", y, x)
    }
    var lines = [first]
    if grid.kind != .curvilinear { lines += [grid.y, grid.x].map(text) }
    if let extent = extent(grid) { lines.append(extent) }
    return lines
  }

  private static func text(_ axis: HorizontalAxis) -> String {
    let ends = [axis.values.first, axis.values.last].compactMap(\.self).map(number)
    var text = "\(axis.name) from \(ends.joined(separator: " to ")) \(axis.units)"
    if axis.count > 1 {
      text += axis.isRegular ? ", every \(number(axis.step))" : ", uneven"
    }
    return text + (axis.bounds == nil ? "" : ", with bounds")
  }

  private static func extent(_ grid: HorizontalGrid) -> String? {
    guard grid.kind != .index, grid.width * grid.height <= mostPlaced, grid.width > 1,
      let geometry = try? grid.geometry()
    else { return nil }
    var words: [String] = []
    if grid.kind != .geographic {
      let (_, latitudes) = geometry.centres()
      let seen = latitudes.filter(\.isFinite)
      if let south = seen.min(), let north = seen.max() {
        words.append("latitudes from \(number(south)) to \(number(north))")
        if seen.count < latitudes.count {
          words.append("\(latitudes.count - seen.count) cells without a place")
        }
      }
    }
    if geometry.isCyclic { words.append("goes around the Earth") }
    if grid.kind == .geographic {
      let ends = [grid.y.values.first, grid.y.values.last].compactMap(\.self)
      if ends.contains(where: { $0 > 90 - 1e-6 }) { words.append("with the north pole") }
      if ends.contains(where: { $0 < -90 + 1e-6 }) { words.append("with the south pole") }
      let repeated = grid.x.values.count { $0 >= (grid.x.values.first ?? 0) + 360 - 1e-6 }
      if repeated > 0, grid.x.isAscending { words.append("\(repeated) columns come twice") }
    }
    if grid.latitude?.bounds != nil { words.append("corners of all cells given") }
    return words.isEmpty ? nil : words.joined(separator: ", ")
  }

  /// Levels: how many, from where to where, which way.
  static func text(_ axis: VerticalAxis) -> String {
    let ends = [axis.values.first, axis.values.last].compactMap(\.self).map(number)
    var text =
      axis.count == 1
      ? ends.first ?? "" : "\(axis.count) from \(ends.joined(separator: " to "))"
    if !["", "1"].contains(axis.units) { text += " \(axis.units)" }
    switch axis.kind {
    case .index: text += axis.units.isEmpty ? ", numbered" : ""
    case .parametric:
      text += ", \(axis.formula?.kind.rawValue ?? axis.standardName ?? "by a formula")"
    default: text += ", \(axis.kind.rawValue)"
    }
    if axis.kind != .index, axis.kind != .pressure {
      text += ", positive \(axis.positive.rawValue)"
    }
    if let formula = axis.formula {
      let terms = formula.terms.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
      text += " (\(terms.joined(separator: ", ")))"
    }
    return text + (axis.bounds == nil ? "" : ", with bounds")
  }

  /// Times: how many, from when to when, in which rhythm and calendar.
  static func text(_ axis: TimeAxis) -> String {
    guard let first = axis.times.first, let last = axis.times.last else { return "none" }
    var text =
      axis.count == 1
      ? first.iso8601
      : "\(axis.count) from \(first.iso8601) to \(last.iso8601), \(TimeSteps(axis.times).summary)"
    if axis.calendar != .standard, axis.calendar != .prolepticGregorian {
      text += ", calendar \(axis.calendar.rawValue)"
    }
    if axis.isClimatology {
      text += ", climatology"
    } else if axis.bounds != nil {
      text += ", with bounds"
    }
    if axis.attributes["modulo"] != nil { text += ", repeated every year" }
    return text
  }

  /// An axis of members, thresholds or other entries.
  static func text(_ axis: DiscreteAxis) -> String {
    let shown =
      axis.count <= 6
      ? (0..<axis.count).map(axis.label).joined(separator: ", ")
      : "\(axis.label(0)), \(axis.label(1)), … \(axis.label(axis.count - 1))"
    let kind =
      switch axis.kind {
      case .member: ", members"
      case .forecastPeriod: ", forecast periods"
      case .referenceTime: ", reference times"
      case .points: ", places"
      default: ""
      }
    return "\(axis.name): \(axis.count)\(kind)"
      + (axis.values == .none(count: axis.count) ? "" : ": \(shown)")
  }

  static func number(_ value: Double) -> String { String(format: "%.8g", value) }
}
