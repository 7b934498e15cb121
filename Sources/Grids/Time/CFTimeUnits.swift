// Room: Grids. CF time units: "hours since 2000-01-01", and the numbers that are counted in them.

public import GridFiles

/// A unit of time and the instant from which it is counted.
///
/// Source: CF 1.11 section 4.4.
public struct CFTimeUnits: Sendable, Hashable, CustomStringConvertible {
  /// Nanoseconds in the unit.
  let unitNanoseconds: Int128
  /// The instant that 0 stands for.
  public let reference: CFTime
  /// The units as written.
  public let text: String

  /// The calendar of the reference and of all decoded times.
  public var calendar: CFCalendar { reference.calendar }

  /// Reads units such as `seconds since 1970-01-01 00:00:00 UTC`.
  ///
  /// Edge cases: months and years are only known in the 360-day calendar, where they have a length
  /// (cftime does the same; UDUNITS would take a twelfth of a tropical year, which no file means).
  /// A reference of year 0, which the standard calendar lacks, is the year before 1. Zones are taken off
  /// as UDUNITS does, also `-3` and `UTC+1`.
  /// Throws: `GridError` with code `time`.
  public init(_ text: String, calendar: CFCalendar = .standard) throws(GridError) {
    let words = text.trimmingBlanks.split(
      maxSplits: 2, omittingEmptySubsequences: true, whereSeparator: \.isWhitespace)
    guard words.count == 3, ["since", "after", "from", "ref"].contains(words[1].lowercased())
    else {
      throw GridError(
        .time, "'\(text)' are not time units; they read like 'seconds since 1970-01-01 00:00:00'")
    }
    guard let unit = CFTimeUnits.nanoseconds(in: String(words[0]), calendar) else {
      let isCalendarUnit = ["mon", "yea", "yr"].contains { words[0].lowercased().hasPrefix($0) }
      throw isCalendarUnit
        ? GridError(
          .time,
          "'\(text)' counts in \(words[0]), which have no fixed length in the "
            + "\(calendar.rawValue) calendar; rewrite it in days, "
            + "for example with 'cdo settunits,days'")
        : GridError(
          .time,
          "'\(words[0])' in '\(text)' is not a unit of time with a fixed length; "
            + "use seconds, minutes, hours or days")
    }
    var parser = TimeParser(words[2])
    guard let reference = parser.time(calendar, allowsPartialDate: true) else {
      throw GridError(
        .time, "'\(words[2])' in '\(text)' is not a time of the \(calendar.rawValue) calendar")
    }
    unitNanoseconds = unit
    self.reference = reference
    self.text = text.trimmingBlanks
  }

  /// Seconds since 1970, the units in which forecasts are written.
  public static func secondsSince1970(_ calendar: CFCalendar = .standard) -> CFTimeUnits {
    CFTimeUnits(
      unitNanoseconds: 1_000_000_000, text: "seconds since 1970-01-01 00:00:00",
      reference: CFTime.epoch(calendar))
  }

  private init(unitNanoseconds: Int128, text: String, reference: CFTime) {
    self.unitNanoseconds = unitNanoseconds
    self.text = text
    self.reference = reference
  }

  /// Whether `text` looks like time units, without reading them fully.
  public static func looksLikeTime(_ text: String) -> Bool {
    let words = text.lowercased().split(whereSeparator: \.isWhitespace)
    return words.count >= 3 && ["since", "after", "from", "ref"].contains(words[1])
  }

  /// The instant of a whole count, exactly; nil beyond a million years.
  public func time(_ count: Int64) -> CFTime? {
    let (step, overflow) = Int128(count).multipliedReportingOverflow(by: unitNanoseconds)
    return overflow ? nil : time(after: step)
  }

  private func time(after nanoseconds: Int128) -> CFTime? {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(reference.nanosecondsSinceEpoch)
    return overflow
      ? nil
      : CFTime(
        nanosecondsSinceEpoch: sum, calendar: calendar, hasYearZero: reference.hasYearZero)
  }

  /// The instant of a count with a fraction, to the microsecond; nil where it is not finite.
  ///
  /// A result that differs from a whole second by no more than the count's own rounding is that
  /// second: ten minutes are 0.00694… days, which no double holds exactly.
  public func time(_ count: Double) -> CFTime? {
    guard count.isFinite, count.magnitude < 1e18 else { return nil }
    let whole = count.rounded(.towardZero)
    var nanoseconds = reference.nanosecondsSinceEpoch + Int128(whole) * unitNanoseconds
    let fraction = (count - whole) * Double(unitNanoseconds)
    nanoseconds += Int128((fraction / 1000).rounded()) * 1000
    let rounding = max(1000, count.ulp * Double(unitNanoseconds))
    if rounding < 5e8 {
      let second = floorDivide(nanoseconds + 500_000_000, 1_000_000_000).quotient
      let distance = nanoseconds - second * 1_000_000_000
      if Double(distance.magnitude) <= rounding { nanoseconds = second * 1_000_000_000 }
    }
    return CFTime(
      nanosecondsSinceEpoch: nanoseconds, calendar: calendar, hasYearZero: reference.hasYearZero)
  }

  /// The instants of stored counts; nil for text or where one is missing or not finite.
  public func times(_ values: NetCDFValues) -> [CFTime]? {
    let times: [CFTime?]
    if let integers = values.integers {
      times = integers.map { time(Int64($0)) }
    } else if let doubles = values.doubles {
      times = doubles.map { time($0) }
    } else {
      return nil
    }
    let found = times.compactMap { $0 }
    return found.count == times.count ? found : nil
  }

  /// The count of `time` in these units.
  public func count(_ time: CFTime) -> Double {
    let difference = time.nanosecondsSinceEpoch - reference.nanosecondsSinceEpoch
    let (whole, rest) = floorDivide(difference, unitNanoseconds)
    return Double(whole) + Double(rest) / Double(unitNanoseconds)
  }

  /// The count of `time` in these units where it is a whole number, else nil.
  public func wholeCount(_ time: CFTime) -> Int64? {
    let difference = time.nanosecondsSinceEpoch - reference.nanosecondsSinceEpoch
    let (whole, rest) = floorDivide(difference, unitNanoseconds)
    return rest == 0 ? Int64(exactly: whole) : nil
  }

  /// The units as written.
  public var description: String { text }

  /// Nanoseconds in the unit of time called `name`, or nil.
  static func nanoseconds(in name: String, _ calendar: CFCalendar) -> Int128? {
    let second: Int128 = 1_000_000_000
    switch name.lowercased() {
    case "nanosecond", "nanoseconds", "nsec", "nsecs", "ns": return 1
    case "microsecond", "microseconds", "microsec", "microsecs", "usec", "usecs", "us", "µs":
      return 1000
    case "millisecond", "milliseconds", "millisec", "millisecs", "msec", "msecs", "ms":
      return 1_000_000
    case "second", "seconds", "sec", "secs", "s": return second
    case "minute", "minutes", "min", "mins": return 60 * second
    case "hour", "hours", "hr", "hrs", "h": return 3600 * second
    case "day", "days", "d", "dy", "dys": return 86400 * second
    case "week", "weeks": return 604_800 * second
    case "month", "months": return calendar == .day360 ? 30 * 86400 * second : nil
    case "year", "years", "yr", "yrs": return calendar == .day360 ? 360 * 86400 * second : nil
    case "common_year", "common_years": return 365 * 86400 * second
    default: return nil
    }
  }
}

extension CFTime {
  /// 1970-01-01T00:00:00.
  static func epoch(_ calendar: CFCalendar) -> CFTime {
    CFTime(wholeSeconds: 0, calendar: calendar)
  }

  private init(wholeSeconds: Int64, calendar: CFCalendar) {
    self.calendar = calendar
    hasYearZero = false
    seconds = wholeSeconds
    nanoseconds = 0
  }
}
