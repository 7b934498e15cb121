// Room: Grids. Which times of a field are wanted, as people write them.

internal import GridFiles

/// A choice of times.
///
/// Written `2016-07` (all of that month), `2016-07-11T12:00` (that instant, or what lies in that
/// minute), `2016/2018-06` (from the first of 2016 to the end of June 2018), `2016-07/` and `/2016-07`
/// (open ends), `2016-07/2016-08/PT6H` or `…/3` (every six hours, every third),
/// `…/P1M` (the first of each month), `first`, `last`.
public struct TimeSelection: Sendable, Hashable {
  enum Start: Sendable, Hashable {
    case first, last
    case range(PartialDate?, PartialDate?)
    case nearest(PartialDate)
  }

  enum Step: Sendable, Hashable {
    case every(Int)
    case months(Int)
    case duration(Duration)
  }

  var start: Start
  var step: Step?
  /// As written.
  public let text: String

  /// Reads a choice of times.
  ///
  /// Throws: `GridError` with code `time`.
  public init(_ text: String) throws(GridError) {
    self.text = text
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map {
      String($0).trimmingBlanks
    }
    switch (parts.count, parts.first?.lowercased()) {
    case (1, "first"): start = .first
    case (1, "last"), (1, "newest"), (1, "latest"): start = .last
    case (1, _):
      let date = try PartialDate(parts[0])
      start = .range(date, date)
    case (2, _), (3, _):
      guard parts[0] + parts[1] != "" || parts.count == 3 else {
        throw GridError(.time, "'\(text)' names neither a start nor an end; write 2016-07/2016-09")
      }
      start = .range(
        parts[0].isEmpty ? nil : try PartialDate(parts[0]),
        parts[1].isEmpty ? nil : try PartialDate(parts[1]))
      if parts.count == 3 { step = try Self.step(parts[2]) }
    default:
      throw GridError(
        .time, "'\(text)' is not a choice of times; write 2016-07, 2016-07/2016-09 or last")
    }
  }

  /// The time nearest to `text`, which is written like `2016-07-11T12:00`.
  public static func nearest(_ text: String) throws(GridError) -> TimeSelection {
    var selection = try TimeSelection(text)
    selection.start = .nearest(try PartialDate(text))
    return selection
  }

  private static func step(_ text: String) throws(GridError) -> Step {
    if let count = Int(text), count > 0 { return .every(count) }
    if let months = months(text) { return .months(months) }
    let duration = try Duration(iso8601: text)
    guard duration > .zero else {
      throw GridError(.time, "a step of '\(text)' does not go forward; write PT6H or 2")
    }
    return .duration(duration)
  }

  /// Months and years have no fixed length, but a calendar knows them.
  private static func months(_ text: String) -> Int? {
    let body = text.uppercased()
    guard body.hasPrefix("P"), let unit = body.last, unit == "M" || unit == "Y",
      let count = Int(body.dropFirst().dropLast()), (1...10000).contains(count)
    else { return nil }
    return unit == "Y" ? 12 * count : count
  }

  /// The indices of the chosen ones of `times`, which are in order.
  func indices(of times: [CFTime]) throws(GridError) -> [Int] {
    guard let first = times.first, let last = times.last else { return [] }
    let chosen: [Int]
    switch start {
    case .first: chosen = [0]
    case .last: chosen = [times.count - 1]
    case .nearest(let date):
      let wanted = try date.start(first.calendar)
      let distances = times.map { ($0.since(wanted)).magnitude }
      chosen = distances.indices.min { distances[$0] < distances[$1] }.map { [$0] } ?? []
    case .range(let from, let to):
      let start = try from?.start(first.calendar)
      let end = try to?.end(first.calendar)
      chosen = times.indices.filter { index in
        (start.map { times[index] >= $0 } ?? true) && (end.map { times[index] < $0 } ?? true)
      }
    }
    guard !chosen.isEmpty else {
      throw GridError(
        .time,
        "no time lies in '\(text)'; "
          + (times.count == 1
            ? "the only one is \(first)" : "the first is \(first), the last \(last)"))
    }
    return thin(chosen, times)
  }

  private func thin(_ chosen: [Int], _ times: [CFTime]) -> [Int] {
    switch step {
    case nil: return chosen
    case .every(let count): return chosen.indices.filter { $0 % count == 0 }.map { chosen[$0] }
    case .months(let step):
      let month = { (index: Int) in
        times[index].components.year * 12 + times[index].components.month
      }
      let start = month(chosen[0])
      var taken: Set<Int> = []
      return chosen.filter {
        (month($0) - start) % step == 0 && taken.insert(month($0)).inserted
      }
    case .duration(let duration):
      let first = times[chosen[0]]
      return chosen.filter { index in
        let steps = times[index].since(first) / duration
        return abs(steps - steps.rounded()) < 1e-6
      }
    }
  }
}

extension Duration {
  fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}

/// A date of which the finer parts may lack: `2016`, `2016-07`, `2016-07-11T12`.
struct PartialDate: Sendable, Hashable {
  private var parts: [Int]
  private let text: String

  init(_ text: String) throws(GridError) {
    self.text = text
    let isNegative = text.hasPrefix("-")
    var body = Substring(text.uppercased()).drop { $0 == "-" || $0 == "+" }
    if body.hasSuffix("Z") { body = body.dropLast() }
    let halves = body.split(
      maxSplits: 1, omittingEmptySubsequences: true, whereSeparator: { $0 == "T" || $0 == " " })
    let date = halves.first?.split(separator: "-", omittingEmptySubsequences: false) ?? []
    let clock =
      halves.count > 1 ? halves[1].split(separator: ":", omittingEmptySubsequences: false) : []
    let numbers = (date + clock).map { part -> Int? in
      part.allSatisfy(\.isASCII) && part.count <= 9 ? Int(part) : nil
    }
    let values = numbers.compactMap { $0 }
    guard !values.isEmpty, values.count == numbers.count, date.count <= 3, clock.count <= 3,
      clock.isEmpty || date.count == 3
    else {
      throw GridError(
        .time, "'\(text)' is not a date; write 2016, 2016-07, 2016-07-11 or 2016-07-11T12:00")
    }
    parts = values
    if isNegative { parts[0] = -parts[0] }
  }

  /// The first instant of what the text names.
  func start(_ calendar: CFCalendar) throws(GridError) -> CFTime {
    let defaults = [0, 1, 1, 0, 0, 0]
    let full = defaults.indices.map { $0 < parts.count ? parts[$0] : defaults[$0] }
    guard
      let time = CFTime(
        year: full[0], month: full[1], day: full[2], hour: full[3], minute: full[4],
        second: full[5], calendar: calendar)
    else {
      throw GridError(.time, "'\(text)' is not a date of the \(calendar.rawValue) calendar")
    }
    return time
  }

  /// The first instant after what the text names.
  func end(_ calendar: CFCalendar) throws(GridError) -> CFTime {
    let start = try start(calendar)
    switch parts.count {
    case 1: return try next(calendar, year: parts[0] + 1, month: 1)
    case 2:
      return try next(
        calendar, year: parts[1] == 12 ? parts[0] + 1 : parts[0],
        month: parts[1] == 12 ? 1 : parts[1] + 1)
    case 3: return start.advanced(by: .seconds(86400))
    case 4: return start.advanced(by: .seconds(3600))
    case 5: return start.advanced(by: .seconds(60))
    default: return start.advanced(by: .seconds(1))
    }
  }

  private func next(
    _ calendar: CFCalendar, year: Int, month: Int
  ) throws(GridError) -> CFTime {
    guard let time = CFTime(year: year, month: month, day: 1, calendar: calendar) else {
      throw GridError(.time, "'\(text)' is too far away")
    }
    return time
  }
}

extension Field {
  /// The field at the chosen times.
  ///
  /// Throws: `GridError` with code `time` where it has no times, or none that is chosen.
  public func selecting(times selection: TimeSelection) throws(GridError) -> Field {
    guard let time else {
      if let timeProblem { throw timeProblem }
      throw GridError(.time, variable: name, "has no times to choose from")
    }
    do throws(GridError) {
      return try taking(try selection.indices(of: time.times), along: .time)
    } catch {
      throw GridError(error.code, path: error.path, variable: name, error.message)
    }
  }
}
