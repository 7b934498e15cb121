// Room: Grids. The times of a file in the making.

/// The times of a file in the making: none, a series, or forecasts from several reference times.
public struct FileTime: Sendable {
  /// How times lie in the file.
  public enum Shape: String, Sendable {
    /// Nothing changes with time.
    case none
    /// One dimension of valid times.
    case series
    /// Two dimensions, reference time and lead time.
    case matrix
  }

  /// How times lie in the file.
  public var shape: Shape
  /// The name of the dimension of valid times; of the auxiliary coordinate where there are two.
  public var name = "time"
  /// The valid times that are known beforehand, in order; more may be appended.
  public var times: [CFTime]
  /// The number of times, or nil for an unlimited dimension.
  public var count: Int?
  /// What time each value stands for, one a time, or none where values are instantaneous.
  public var cells: [TimeBounds]?
  /// Whether `cells` are those of a climatology (CF 1.11 section 7.4).
  public var isClimatology = false
  /// The times from which forecasts start; none where the file holds no forecast.
  public var referenceTimes: [CFTime]
  /// Lead times, for the shape `matrix`.
  public var leadTimes: [Duration]
  /// The name of the reference times' coordinate.
  public var referenceName = "forecast_reference_time"
  /// The name of the lead times' coordinate.
  public var leadName = "lead_time"
  /// Whether lead times are written as the number of the day, from 0, rather than in minutes.
  public var countsLeadDays = false
  /// Whether the dimension is unlimited where the format allows it, even if the number of times is
  /// known: others can append then, and NCO's record operators work.
  public var isUnlimited = true
  /// The units of all times, or nil for seconds since 1970.
  public var units: CFTimeUnits?

  private init(
    _ shape: Shape, times: [CFTime] = [], count: Int? = nil, cells: [TimeBounds]? = nil,
    referenceTimes: [CFTime] = [], leadTimes: [Duration] = []
  ) {
    self.shape = shape
    self.times = times
    self.count = count
    self.cells = cells
    self.referenceTimes = referenceTimes
    self.leadTimes = leadTimes
  }

  /// Nothing changes with time.
  public static let none = FileTime(.none, count: 0)

  /// Valid times known beforehand.
  public static func times(_ times: [CFTime], cells: [TimeBounds]? = nil) -> FileTime {
    FileTime(.series, times: times, count: times.count, cells: cells)
  }

  /// Valid times that come one by one; `count` nil makes the dimension unlimited.
  public static func appended(count: Int? = nil, hasCells: Bool = false) -> FileTime {
    FileTime(.series, count: count, cells: hasCells ? [] : nil)
  }

  /// A forecast whose lead times come one by one; `count` nil makes the dimension unlimited.
  public static func forecast(
    from referenceTime: CFTime, count: Int? = nil, hasCells: Bool = false
  ) -> FileTime {
    FileTime(
      .series, count: count, cells: hasCells ? [] : nil, referenceTimes: [referenceTime])
  }

  /// A forecast whose lead times are known beforehand.
  public static func forecast(
    from referenceTime: CFTime, leadTimes: [Duration]
  ) -> FileTime {
    FileTime(
      .series, times: leadTimes.map { referenceTime.advanced(by: $0) }, count: leadTimes.count,
      referenceTimes: [referenceTime])
  }

  /// Forecasts from several reference times, all with the same lead times.
  public static func forecasts(
    from referenceTimes: [CFTime], leadTimes: [Duration]
  ) -> FileTime {
    FileTime(.matrix, count: 0, referenceTimes: referenceTimes, leadTimes: leadTimes)
  }

  /// OceanBench's layout: `first_day_datetime` and `lead_day_index` in place of one time dimension.
  ///
  /// **Source**: OceanBench, "Shape of the challenger dataset"; the valid time of index 0 is the
  /// first day itself.
  public static func oceanBench(firstDays: [CFTime], leadDays: Int = 10) -> FileTime {
    var time = FileTime.forecasts(
      from: firstDays, leadTimes: (0..<max(leadDays, 0)).map { .seconds(86400 * $0) })
    time.referenceName = "first_day_datetime"
    time.leadName = "lead_day_index"
    time.countsLeadDays = true
    return time
  }

  /// The names and lengths of the dimensions, slowest first; length nil for the one that grows while
  /// the file is written, and unlimited the one that may grow later.
  var dimensions: [(name: String, length: Int?, isUnlimited: Bool)] {
    switch shape {
    case .none: []
    case .series: [(name, count, count == nil || isUnlimited)]
    case .matrix:
      [(referenceName, referenceTimes.count, true), (leadName, leadTimes.count, false)]
    }
  }

  /// The units in which times are written.
  var writtenUnits: CFTimeUnits {
    units ?? .secondsSince1970((referenceTimes.first ?? times.first)?.calendar ?? .standard)
  }

  /// The first and the last valid time that are known beforehand.
  var extent: (first: CFTime, last: CFTime)? {
    if shape == .matrix {
      guard let first = referenceTimes.min(), let last = referenceTimes.max(),
        let shortest = leadTimes.min(), let longest = leadTimes.max()
      else { return nil }
      return (first.advanced(by: shortest), last.advanced(by: longest))
    }
    guard let first = times.first, let last = times.last else { return nil }
    return (first, last)
  }
}
