// Room: Grids. Which levels of a field are wanted, as people write them.

internal import GridFiles

/// A choice of levels.
///
/// Written `500 hPa` (that level), `500,850 hPa` (these), `0/100 m` (from, to), `~510 hPa` (the
/// nearest), `first`, `last`, `#3` (the level with that index). Units may be left out.
public struct LevelSelection: Sendable, Hashable {
  enum Choice: Sendable, Hashable {
    case exact([Double])
    case nearest(Double)
    case range(Double, Double)
    case index(Int)
    case last
  }

  var choice: Choice
  var units: String
  /// As written.
  public let text: String

  /// Reads a choice of levels.
  ///
  /// Throws: `GridError` with code `layout`.
  public init(_ text: String) throws(GridError) {
    self.text = text
    let body = text.trimmingBlanks
    let bad = GridError(
      .layout, "'\(text)' is not a choice of levels; write 500 hPa, 0/100 m or ~510 hPa")
    (choice, units) = (.last, "")
    switch body.lowercased() {
    case "first", "surface", "top":
      choice = .index(0)
      return
    case "last", "bottom": return
    default: break
    }
    if body.hasPrefix("#") {
      guard let index = Int(body.dropFirst()), index >= 0 else { throw bad }
      choice = .index(index)
      return
    }
    let isNumber: (Character) -> Bool = { "0123456789.,/+-eE ".contains($0) }
    let isNearest = body.hasPrefix("~")
    let rest = isNearest ? body.dropFirst() : Substring(body)
    var numbers = String(rest.prefix(while: isNumber))
    // The e of an exponent stands before a digit, that of a unit does not.
    while let last = numbers.last, "eE".contains(last) { numbers.removeLast() }
    units = String(rest.dropFirst(numbers.count)).trimmingBlanks
    let isRange = numbers.contains("/")
    let values = numbers.split(whereSeparator: { $0 == "/" || $0 == "," }).map {
      Double(String($0).trimmingBlanks)
    }
    let found = values.compactMap { $0 }
    guard !found.isEmpty, found.count == values.count, found.allSatisfy(\.isFinite) else {
      throw bad
    }
    switch (isNearest, isRange, found.count) {
    case (true, false, 1): choice = .nearest(found[0])
    case (false, true, 2): choice = .range(min(found[0], found[1]), max(found[0], found[1]))
    case (false, false, _): choice = .exact(found)
    default: throw bad
    }
  }

  /// Levels of the given coordinates, the nearest of each.
  public static func nearest(_ value: Double, units: String = "") throws(GridError)
    -> LevelSelection
  {
    try LevelSelection("~\(value) \(units)")
  }

  /// The indices of the chosen levels of `axis`.
  func indices(of axis: VerticalAxis) throws(GridError) -> [Int] {
    switch choice {
    case .last: return [axis.count - 1]
    case .index(let index):
      guard index < axis.count else { throw none(axis) }
      return [index]
    case .nearest(let value):
      let wanted = try converted(value, axis)
      let distances = axis.values.map { abs($0 - wanted) }
      guard let best = distances.indices.min(by: { distances[$0] < distances[$1] }) else {
        throw none(axis)
      }
      return [best]
    case .exact(let values):
      var indices: [Int] = []
      for value in values {
        let wanted = try converted(value, axis)
        guard
          let found = axis.values.firstIndex(where: {
            abs($0 - wanted) <= max(1e-5 * abs(wanted), 1e-6)
          })
        else { throw none(axis) }
        indices.append(found)
      }
      return indices
    case .range(let low, let high):
      let (a, b) = (try converted(low, axis), try converted(high, axis))
      let slack = 1e-6 * max(abs(a), abs(b))
      let found = axis.values.indices.filter {
        axis.values[$0] >= min(a, b) - slack && axis.values[$0] <= max(a, b) + slack
      }
      guard !found.isEmpty else { throw none(axis) }
      return found
    }
  }

  private func none(_ axis: VerticalAxis) -> GridError {
    let units = axis.units.isEmpty ? "" : " \(axis.units)"
    let shown =
      axis.values.count <= 12
      ? axis.values.map(\.shortText).joined(separator: ", ")
      : axis.values.prefix(4).map(\.shortText).joined(separator: ", ") + ", … "
        + axis.values.suffix(2).map(\.shortText).joined(separator: ", ")
    return GridError(
      .layout,
      "no level is '\(text)'; '\(axis.name)' has \(axis.count): \(shown)\(units); "
        + "write ~ before the number for the nearest")
  }

  /// `value` in the units of `axis`; depths are taken as positive also where the axis counts upwards.
  private func converted(_ value: Double, _ axis: VerticalAxis) throws(GridError) -> Double {
    var result = value
    if !units.isEmpty, units != axis.units {
      let conversion = try PhysicalUnit(units).conversion(to: try PhysicalUnit(axis.units))
      result = conversion(value)
    }
    let isBelowZero = axis.positive == .up && axis.values.allSatisfy { $0 <= 0 }
    return isBelowZero && result > 0 ? -result : result
  }
}

extension Field {
  /// The field at the chosen levels.
  ///
  /// Throws: `GridError` with code `layout` where it has no levels, or none that is chosen, `units`
  /// where the units are of another kind.
  public func selecting(levels selection: LevelSelection) throws(GridError) -> Field {
    guard let vertical else {
      throw GridError(.layout, variable: name, "has no levels to choose from")
    }
    do throws(GridError) {
      return try taking(try selection.indices(of: vertical), along: .level)
    } catch {
      throw GridError(error.code, path: error.path, variable: name, error.message)
    }
  }

  /// The field with one entry of the axis called `axis`: by its coordinate as printed by `label(_:)`
  /// or without units, or by `#` and its index.
  ///
  /// Throws: `GridError` with code `layout`, saying what there is.
  public func selecting(_ label: String, along axis: String) throws(GridError) -> Field {
    guard
      let place = others.firstIndex(where: {
        $0.name == axis || $0.standardName == axis || $0.kind.rawValue == axis
      })
    else {
      let names = others.map(\.name).joined(separator: ", ")
      throw GridError(
        .layout, variable: name,
        "has no axis '\(axis)' beside time, level and place"
          + (names.isEmpty ? "" : "; it has \(names)"))
    }
    let entries = others[place]
    let index =
      label.hasPrefix("#")
      ? Int(label.dropFirst()) : (0..<entries.count).first { entries.matches(label, $0) }
    guard let index, (0..<entries.count).contains(index) else {
      let shown = (0..<min(entries.count, 12)).map(entries.label).joined(separator: ", ")
      throw GridError(
        .layout, variable: name,
        "has no entry '\(label)' along '\(entries.name)'; it has \(shown)"
          + (entries.count > 12 ? ", …" : ""))
    }
    return try taking([index], along: .other(place))
  }
}

extension DiscreteAxis {
  fileprivate func matches(_ label: String, _ index: Int) -> Bool {
    if self.label(index) == label { return true }
    switch values {
    case .numbers(let values): return Double(label) == values[index]
    case .texts(let values): return values[index].lowercased() == label.lowercased()
    case .times(let values):
      return (try? CFTime(iso8601: label, calendar: values[index].calendar)) == values[index]
    case .none: return false
    }
  }
}
