// Room: Grids. Times and durations as people and attributes write them.

internal import GridFiles

/// Reads dates and times in the spellings of ISO 8601 and UDUNITS.
struct TimeParser {
  private var rest: Substring

  init(_ text: some StringProtocol) { rest = Substring(text) }

  /// `Y-M-D`, `YYYYMMDD`, then optionally `T` or blanks and a time of day, then optionally a zone.
  ///
  /// The zone's offset is taken off, so the result is in UTC. Everything must be understood.
  /// `allowsPartialDate` takes `Y-M` as the first day of a month and `YYYY` as that of a year, as UDUNITS
  /// does.
  mutating func time(_ calendar: CFCalendar, allowsPartialDate: Bool = false) -> CFTime? {
    skipBlanks()
    guard let (year, month, day) = date(allowsPartialDate) else { return nil }
    var (hour, minute, second, nanosecond) = (0, 0, 0, 0)
    let hadSeparator = take("T") || take("t") || skipBlanks()
    if hadSeparator, let first = rest.first, first.isASCIIDigit {
      guard let clock = clock() else { return nil }
      (hour, minute, second, nanosecond) = clock
    }
    skipBlanks()
    guard let offset = zone() else { return nil }
    skipBlanks()
    guard rest.isEmpty else { return nil }
    // 24:00 is the end of the day, and a leap second is the second after.
    let midnight = hour == 24 && minute == 0 && second == 0
    guard
      let time = CFTime(
        year: year, month: month, day: day, hour: midnight ? 0 : hour, minute: minute,
        second: second, nanosecond: nanosecond, calendar: calendar)
    else { return nil }
    return time.advanced(by: .seconds((midnight ? 86400 : 0) - offset))
  }

  private mutating func date(_ isPartial: Bool) -> (Int, Int, Int)? {
    let isNegative = take("-")
    if !isNegative { _ = take("+") }
    guard let digits = digits() else { return nil }
    if take("-") {
      guard let year = Int(digits), let month = number() else { return nil }
      let signed = isNegative ? -year : year
      if isPartial, !rest.hasPrefix("-") { return (signed, month, 1) }
      guard take("-"), let day = number() else { return nil }
      return (signed, month, day)
    }
    if isPartial, (1...4).contains(digits.count), let year = Int(digits) {
      return (isNegative ? -year : year, 1, 1)
    }
    guard digits.count == 8, let all = Int(digits) else { return nil }
    return (isNegative ? -(all / 10000) : all / 10000, all / 100 % 100, all % 100)
  }

  private mutating func clock() -> (Int, Int, Int, Int)? {
    guard let first = digits() else { return nil }
    if !rest.hasPrefix(":"), first.count > 2 {
      guard first.count == 4 || first.count == 6, let all = Int(first) else { return nil }
      if first.count == 4 { return (all / 100, all % 100, 0, 0) }
      guard let nanosecond = fraction() else { return nil }
      return (all / 10000, all / 100 % 100, all % 100, nanosecond)
    }
    guard let hour = Int(first) else { return nil }
    guard take(":") else { return (hour, 0, 0, 0) }
    guard let minute = number() else { return nil }
    guard take(":") else { return (hour, minute, 0, 0) }
    guard let second = number(), let nanosecond = fraction() else { return nil }
    return (hour, minute, second, nanosecond)
  }

  /// Nanoseconds of an optional decimal fraction; digits beyond the ninth are dropped.
  private mutating func fraction() -> Int? {
    guard take(".") || take(",") else { return 0 }
    guard let digits = digits() else { return 0 }
    let padded = digits.prefix(9) + String(repeating: "0", count: max(0, 9 - digits.count))
    return Int(padded)
  }

  /// Seconds east of UTC; 0 where nothing is said.
  private mutating func zone() -> Int? {
    for name in ["UTC", "utc", "GMT", "Z", "z"] where rest.hasPrefix(name) {
      rest.removeFirst(name.count)
      return zone(named: name)
    }
    let sign = rest.hasPrefix("-") ? -1 : 1
    guard take("+") || take("-") else { return 0 }
    guard let first = digits() else { return nil }
    var (hour, minute) = (0, 0)
    if take(":") {
      guard let a = Int(first), let b = number() else { return nil }
      (hour, minute) = (a, b)
    } else {
      guard first.count <= 4, let all = Int(first) else { return nil }
      (hour, minute) = first.count <= 2 ? (all, 0) : (all / 100, all % 100)
    }
    guard hour <= 18, minute < 60 else { return nil }
    return sign * (hour * 3600 + minute * 60)
  }

  /// "UTC" may stand before an offset, as in "UTC+1".
  private mutating func zone(named name: String) -> Int? {
    guard name.uppercased() != "Z", rest.hasPrefix("+") || rest.hasPrefix("-") else { return 0 }
    return zone()
  }

  private mutating func digits() -> Substring? {
    let digits = rest.prefix { $0.isASCIIDigit }
    rest = rest.dropFirst(digits.count)
    return digits.isEmpty || digits.count > 18 ? nil : digits
  }

  private mutating func number() -> Int? { digits().flatMap { Int($0) } }

  private mutating func take(_ character: Character) -> Bool {
    guard rest.first == character else { return false }
    rest.removeFirst()
    return true
  }

  @discardableResult
  private mutating func skipBlanks() -> Bool {
    let before = rest.count
    rest = rest.drop { $0.isWhitespace }
    return rest.count != before
  }
}

extension CFTime {
  /// Reads `2016-07-11T20:30Z`, `20160711T2030Z`, `2016-07-11 20:30:00 +01:00` and their like.
  ///
  /// Without a zone the time is UTC.
  /// Throws: `GridError` with code `time`.
  public init(iso8601 text: String, calendar: CFCalendar = .standard) throws(GridError) {
    var parser = TimeParser(text)
    guard let time = parser.time(calendar) else {
      throw GridError(
        .time, "'\(text)' is not a time; write it like 2016-07-11T20:30Z")
    }
    self = time
  }

  /// The time as `2016-07-11T20:30:00Z`, with a fraction only where there is one.
  public var iso8601: String {
    let parts = components
    let year = parts.year < 0 ? "-" + padded(-parts.year, 4) : padded(parts.year, 4)
    var text = "\(year)-\(padded(parts.month, 2))-\(padded(parts.day, 2))T"
    text += "\(padded(parts.hour, 2)):\(padded(parts.minute, 2)):\(padded(parts.second, 2))"
    return text + fractionText(parts.nanosecond) + "Z"
  }

  /// The time as `20160711T203000Z`, for file names.
  public var compact: String {
    let parts = components
    return padded(parts.year, 4) + padded(parts.month, 2) + padded(parts.day, 2) + "T"
      + padded(parts.hour, 2) + padded(parts.minute, 2) + padded(parts.second, 2) + "Z"
  }
}

extension Duration {
  /// Reads an ISO 8601 duration of weeks, days, hours, minutes and seconds: `PT90M`, `P1DT6H`.
  ///
  /// Edge cases: the last part may have a decimal fraction; a leading minus sign negates; years and
  /// months are refused, since they have no fixed length.
  /// Throws: `GridError` with code `time`.
  public init(iso8601 text: String) throws(GridError) {
    guard let nanoseconds = Duration.nanoseconds(iso8601: text) else {
      throw GridError(.time, "'\(text)' is not a duration; write it like PT90M, PT3H or P1D")
    }
    let (seconds, rest) = floorDivide(nanoseconds, 1_000_000_000)
    self.init(
      secondsComponent: Int64(seconds), attosecondsComponent: Int64(rest) * 1_000_000_000)
  }

  private static func nanoseconds(iso8601 text: String) -> Int128? {
    var rest = Substring(text.trimmingBlanks)
    let isNegative = rest.first == "-"
    if isNegative { rest.removeFirst() }
    guard rest.first == "P" else { return nil }
    rest.removeFirst()
    var total: Int128 = 0
    var inTime = false
    var smallest = Int128.max
    while !rest.isEmpty {
      if rest.first == "T" {
        guard !inTime else { return nil }
        inTime = true
        rest.removeFirst()
        if rest.isEmpty { return nil }
        continue
      }
      let number = rest.prefix { $0.isASCIIDigit || $0 == "." || $0 == "," }
      rest = rest.dropFirst(number.count)
      guard let letter = rest.popFirst(), number.first?.isASCIIDigit == true, number.count < 13
      else { return nil }
      let unit: Int128
      switch (inTime, letter) {
      case (false, "W"): unit = 604_800_000_000_000
      case (false, "D"): unit = 86_400_000_000_000
      case (true, "H"): unit = 3_600_000_000_000
      case (true, "M"): unit = 60_000_000_000
      case (true, "S"): unit = 1_000_000_000
      default: return nil
      }
      guard unit < smallest else { return nil }
      smallest = unit
      if let whole = Int64(number) {
        total += Int128(whole) * unit
      } else {
        // Only the smallest part may have a fraction.
        guard rest.isEmpty, let value = Double(number.replacing(",", with: ".")) else {
          return nil
        }
        total += Int128((value * Double(unit)).rounded())
      }
    }
    // 292 billion years of seconds are as many as a Duration holds; a million years will do.
    guard smallest != .max, total < 31_622_400_000_000_000_000_000 else { return nil }
    return isNegative ? -total : total
  }

  /// The duration as ISO 8601 in days, hours, minutes and seconds, such as `PT1H30M`.
  public var iso8601: String {
    let (seconds, attoseconds) = components
    var total = Int128(seconds) * 1_000_000_000 + Int128(attoseconds / 1_000_000_000)
    if total == 0 { return "PT0S" }
    let sign = total < 0 ? "-P" : "P"
    total = total.magnitude < Int128.max.magnitude ? Int128(total.magnitude) : .max
    let (days, rest) = floorDivide(total, 86_400_000_000_000)
    let (hours, rest2) = floorDivide(rest, 3_600_000_000_000)
    let (minutes, rest3) = floorDivide(rest2, 60_000_000_000)
    let (whole, nanoseconds) = floorDivide(rest3, 1_000_000_000)
    var time = ""
    if hours > 0 { time += "\(hours)H" }
    if minutes > 0 { time += "\(minutes)M" }
    if whole > 0 || nanoseconds > 0 { time += "\(whole)\(fractionText(Int(nanoseconds)))S" }
    return sign + (days > 0 ? "\(days)D" : "") + (time.isEmpty ? "" : "T" + time)
  }

  /// The duration in seconds, as a fraction.
  public var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }

  /// The duration in minutes, as a fraction.
  public var inMinutes: Double { inSeconds / 60 }
}

extension Character {
  /// Whether this is one of 0 to 9, and not another script's digit, which `Int` does not read.
  var isASCIIDigit: Bool { isASCII && isNumber }
}

private func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

private func fractionText(_ nanoseconds: Int) -> String {
  guard nanoseconds > 0 else { return "" }
  var digits = padded(nanoseconds, 9)
  while digits.last == "0" { digits.removeLast() }
  return "." + digits
}
