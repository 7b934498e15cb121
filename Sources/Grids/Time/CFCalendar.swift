// Room: Grids. CF calendars: from a date to a count of days and back, for each way of counting.

internal import GridFiles

/// A way of dividing time into years, months and days.
///
/// Source: CF 1.11 section 4.4.1.
public enum CFCalendar: String, Sendable, Hashable, CaseIterable {
  /// Julian to 1582-10-04, Gregorian from 1582-10-15; the default.
  case standard
  /// Gregorian for all years.
  case prolepticGregorian = "proleptic_gregorian"
  /// Every fourth year is a leap year.
  case julian
  /// Every year has 365 days.
  case noLeap = "noleap"
  /// Every year has 366 days.
  case allLeap = "all_leap"
  /// Every month has 30 days.
  case day360 = "360_day"

  /// The calendar that CF calls `name`, or nil.
  ///
  /// Edge cases: an empty name and old synonyms (`gregorian`, `365_day`, `366_day`) are known.
  public init?(cfName name: String) {
    switch name.trimmingBlanks.lowercased() {
    case "standard", "gregorian", "": self = .standard
    case "proleptic_gregorian": self = .prolepticGregorian
    case "julian": self = .julian
    case "noleap", "365_day", "no_leap", "365day": self = .noLeap
    case "all_leap", "366_day", "allleap", "366day": self = .allLeap
    case "360_day", "360day": self = .day360
    default: return nil
    }
  }

  /// Whether the calendar names real days, so that its times can be compared with the others' that do.
  public var isReal: Bool {
    switch self {
    case .standard, .prolepticGregorian, .julian: true
    case .noLeap, .allLeap, .day360: false
    }
  }

  /// Whether the year before 1 is -1, as in history; the other calendars have a year 0.
  ///
  /// Source: CF 1.11 section 4.4.1; the same as in cftime.
  public var lacksYearZero: Bool { self == .standard || self == .julian }

  /// The year on a scale with a year 0. In calendars that lack it, 0 counts as the year before 1.
  private func astronomical(_ year: Int) -> Int {
    lacksYearZero && year < 0 ? year + 1 : year
  }

  /// The number of days of `month`, 1 to 12, in `year`.
  public func days(inMonth month: Int, ofYear year: Int) -> Int {
    if self == .day360 { return 30 }
    guard year.magnitude <= CFCalendar.largestYear else { return 0 }
    let year = astronomical(year)
    let lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return lengths.indices.contains(month - 1) ? lengths[month - 1] : 0
  }

  private func isLeap(_ year: Int) -> Bool {
    switch self {
    case .noLeap, .day360: false
    case .allLeap: true
    case .julian: year % 4 == 0
    case .prolepticGregorian: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    case .standard: year % 4 == 0 && (year < 1582 || year % 100 != 0 || year % 400 == 0)
    }
  }

  /// Years beyond this are refused, so that no arithmetic on them overflows.
  static let largestYear = 1_000_000

  /// Days from 1970-01-01 to a date, or nil where this calendar has no such date.
  ///
  /// Real calendars count the same days: 1970-01-01 is the Gregorian one for all three.
  /// Edge cases: the standard and the Julian calendar go from year -1 to year 1; year 0, which files have
  /// nevertheless, is taken as -1.
  public func dayNumber(year: Int, month: Int, day: Int) -> Int? {
    guard year.magnitude <= CFCalendar.largestYear, (1...12).contains(month),
      day >= 1, day <= days(inMonth: month, ofYear: year)
    else { return nil }
    let year = astronomical(year)
    switch self {
    case .prolepticGregorian: return gregorianDay(year, month, day)
    case .julian: return julianDay(year, month, day)
    case .standard:
      if (year, month, day) >= (1582, 10, 15) { return gregorianDay(year, month, day) }
      return (year, month, day) <= (1582, 10, 4) ? julianDay(year, month, day) : nil
    case .noLeap: return (year - 1970) * 365 + dayOfYear(month, day)
    case .allLeap: return (year - 1970) * 366 + dayOfYear(month, day)
    case .day360: return (year - 1970) * 360 + (month - 1) * 30 + day - 1
    }
  }

  /// The date that lies `number` days after 1970-01-01, for numbers within a million years.
  ///
  /// `hasYearZero` counts years of the standard and the Julian calendar with a year 0.
  public func date(
    ofDay number: Int, hasYearZero: Bool = false
  ) -> (year: Int, month: Int, day: Int) {
    let limit = 400 * CFCalendar.largestYear
    let date = astronomicalDate(min(max(number, -limit), limit))
    guard lacksYearZero, !hasYearZero, date.year <= 0 else { return date }
    return (date.year - 1, date.month, date.day)
  }

  private func astronomicalDate(_ number: Int) -> (year: Int, month: Int, day: Int) {
    switch self {
    case .prolepticGregorian: return gregorianDate(number)
    case .julian: return julianDate(number)
    // -141427 is 1582-10-15.
    case .standard: return number >= -141427 ? gregorianDate(number) : julianDate(number)
    case .noLeap: return plainDate(number, yearLength: 365)
    case .allLeap: return plainDate(number, yearLength: 366)
    case .day360:
      let (year, rest) = floorDivide(number, 360)
      return (1970 + year, rest / 30 + 1, rest % 30 + 1)
    }
  }

  // Days are counted from 1 March, which puts the leap day at the end of the counted year.
  // Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
  private func dayOfMarchYear(_ month: Int, _ day: Int) -> Int {
    (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
  }

  private func marchDate(_ day: Int) -> (month: Int, day: Int) {
    let shifted = (5 * day + 2) / 153
    return (shifted < 10 ? shifted + 3 : shifted - 9, day - (153 * shifted + 2) / 5 + 1)
  }

  private func gregorianDay(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let (era, rest) = floorDivide(month <= 2 ? year - 1 : year, 400)
    return era * 146_097 + rest * 365 + rest / 4 - rest / 100 + dayOfMarchYear(month, day)
      - 719_468
  }

  private func gregorianDate(_ number: Int) -> (year: Int, month: Int, day: Int) {
    let (era, day) = floorDivide(number + 719_468, 146_097)
    let year = (day - day / 1460 + day / 36524 - day / 146_096) / 365
    let date = marchDate(day - (365 * year + year / 4 - year / 100))
    return (era * 400 + year + (date.month <= 2 ? 1 : 0), date.month, date.day)
  }

  private func julianDay(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let (era, rest) = floorDivide(month <= 2 ? year - 1 : year, 4)
    return era * 1461 + rest * 365 + dayOfMarchYear(month, day) - 719_470
  }

  private func julianDate(_ number: Int) -> (year: Int, month: Int, day: Int) {
    let (era, day) = floorDivide(number + 719_470, 1461)
    let year = (day - day / 1460) / 365
    let date = marchDate(day - 365 * year)
    return (era * 4 + year + (date.month <= 2 ? 1 : 0), date.month, date.day)
  }

  private func dayOfYear(_ month: Int, _ day: Int) -> Int {
    (1..<month).reduce(day - 1) { $0 + days(inMonth: $1, ofYear: 1970) }
  }

  private func plainDate(_ number: Int, yearLength: Int) -> (year: Int, month: Int, day: Int) {
    var (year, rest) = floorDivide(number, yearLength)
    year += 1970
    var month = 1
    while month < 12, rest >= days(inMonth: month, ofYear: year) {
      rest -= days(inMonth: month, ofYear: year)
      month += 1
    }
    return (year, month, rest + 1)
  }
}

/// Quotient rounded down, and the remainder, which is never negative.
func floorDivide<T: BinaryInteger>(_ a: T, _ b: T) -> (quotient: T, remainder: T) {
  let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
  return remainder < 0 ? (quotient - 1, remainder + b) : (quotient, remainder)
}
