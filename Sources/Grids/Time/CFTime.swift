// Room: Grids. An instant in a calendar.

public import Foundation

/// An instant, exact to the nanosecond, in a calendar.
///
/// Times of real calendars (standard, proleptic Gregorian, Julian) are equal where they name the same
/// instant; those of model calendars (360-day and the like) only compare with their own kind.
public struct CFTime: Sendable, Hashable, Comparable {
  /// The calendar in which the instant is read and printed.
  public let calendar: CFCalendar
  /// Whole seconds since 1970-01-01T00:00:00 of the calendar, UTC.
  public let seconds: Int64
  /// Nanoseconds past the whole second, 0 to 999,999,999.
  public let nanoseconds: Int32
  /// Whether years of a calendar without a year 0 are counted with one, since the file does so.
  let hasYearZero: Bool

  /// The instant `nanosecondsSinceEpoch` after 1970, or nil beyond a million years.
  init?(
    nanosecondsSinceEpoch total: Int128, calendar: CFCalendar, hasYearZero: Bool = false
  ) {
    let (seconds, rest) = floorDivide(total, 1_000_000_000)
    let limit = Int128(CFCalendar.largestYear) * 31_622_400
    guard seconds.magnitude <= limit.magnitude else { return nil }
    self.calendar = calendar
    self.hasYearZero = hasYearZero
    self.seconds = Int64(seconds)
    self.nanoseconds = Int32(rest)
  }

  /// The instant with these parts, or nil where the calendar has no such date or time.
  public init?(
    year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0,
    nanosecond: Int = 0, calendar: CFCalendar = .standard
  ) {
    guard let days = calendar.dayNumber(year: year, month: month, day: day),
      (0..<24).contains(hour), (0..<60).contains(minute), (0...60).contains(second),
      (0..<1_000_000_000).contains(nanosecond)
    else { return nil }
    self.calendar = calendar
    hasYearZero = year == 0 && calendar.lacksYearZero
    seconds = Int64(days) * 86400 + Int64(hour * 3600 + minute * 60 + second)
    nanoseconds = Int32(nanosecond)
  }

  /// The instant of `date` in the standard calendar, to the microsecond; nil beyond a million years.
  public init?(_ date: Date) {
    let microseconds = (date.timeIntervalSince1970 * 1e6).rounded()
    guard microseconds.magnitude < 1e24 else { return nil }
    self.init(nanosecondsSinceEpoch: Int128(microseconds) * 1000, calendar: .standard)
  }

  /// The same instant for Foundation; nil where the calendar is not a real one.
  public var date: Date? {
    guard calendar.isReal else { return nil }
    return Date(timeIntervalSince1970: Double(seconds) + Double(nanoseconds) * 1e-9)
  }

  /// The date and the time of day.
  public var components:
    (year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, nanosecond: Int)
  {
    let (day, rest) = floorDivide(Int(seconds), 86400)
    let date = calendar.date(ofDay: day, hasYearZero: hasYearZero)
    return (
      date.year, date.month, date.day, rest / 3600, rest / 60 % 60, rest % 60, Int(nanoseconds)
    )
  }

  /// Nanoseconds since 1970-01-01T00:00:00 of the calendar.
  var nanosecondsSinceEpoch: Int128 { Int128(seconds) * 1_000_000_000 + Int128(nanoseconds) }

  /// The instant `duration` later, clamped to a million years; parts below a nanosecond are dropped.
  public func advanced(by duration: Duration) -> CFTime {
    let (seconds, attoseconds) = duration.components
    let step = Int128(seconds) * 1_000_000_000 + Int128(attoseconds / 1_000_000_000)
    return CFTime(
      nanosecondsSinceEpoch: nanosecondsSinceEpoch + step, calendar: calendar,
      hasYearZero: hasYearZero) ?? self
  }

  /// The time from `other` to this instant; negative where `other` is later.
  public func since(_ other: CFTime) -> Duration {
    let difference = nanosecondsSinceEpoch - other.nanosecondsSinceEpoch
    let (seconds, rest) = floorDivide(difference, 1_000_000_000)
    return Duration(
      secondsComponent: Int64(seconds), attosecondsComponent: Int64(rest) * 1_000_000_000)
  }

  /// Whether both are the same instant; never so for calendars that cannot be compared.
  public static func == (a: CFTime, b: CFTime) -> Bool {
    a.seconds == b.seconds && a.nanoseconds == b.nanoseconds
      && (a.calendar == b.calendar || (a.calendar.isReal && b.calendar.isReal))
  }

  /// Agrees with `==`.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(seconds)
    hasher.combine(nanoseconds)
  }

  /// Orders by instant; meaningless for calendars that cannot be compared.
  public static func < (a: CFTime, b: CFTime) -> Bool {
    (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds)
  }
}

extension CFTime: CustomStringConvertible {
  /// ISO 8601 with seconds and `Z`, such as `2016-07-11T20:30:00Z`.
  public var description: String { iso8601 }
}
