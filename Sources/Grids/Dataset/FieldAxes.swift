// Room: Grids. The axes of a field beside the horizontal and the vertical ones: times, and whatever
// else has an index.

public import GridFiles

/// The start and the end of a period.
public struct TimeBounds: Sendable, Hashable {
  /// When the period begins.
  public var start: CFTime
  /// When it ends.
  public var end: CFTime

  /// Makes a period.
  public init(start: CFTime, end: CFTime) {
    self.start = start
    self.end = end
  }

  /// How long the period is.
  public var duration: Duration { end.since(start) }
}

/// The times of a field, in order.
public struct TimeAxis: Sendable, Equatable {
  /// The name of the coordinate variable, or of what stands for it.
  public var name: String
  /// The instants.
  public var times: [CFTime]
  /// The periods that values hold for, one a time, or none.
  public var bounds: [TimeBounds]?
  /// Whether the periods are climatological: parts of the year or the day over many years (CF 7.4).
  public var isClimatology: Bool
  /// The units as written in the first file; empty where times were not counted.
  public var units: String
  /// The attributes of the coordinate variable.
  public var attributes: NetCDFAttributes

  /// Makes an axis.
  public init(
    name: String, times: [CFTime], bounds: [TimeBounds]? = nil, isClimatology: Bool = false,
    units: String = "", attributes: NetCDFAttributes = [:]
  ) {
    self.name = name
    self.times = times
    self.bounds = bounds
    self.isClimatology = isClimatology
    self.units = units
    self.attributes = attributes
  }

  /// The number of times.
  public var count: Int { times.count }
  /// The calendar of all times.
  public var calendar: CFCalendar { times.first?.calendar ?? .standard }
  /// How the times follow each other.
  public var spacing: FrameSpacing { FrameSpacing(times) }
}

/// An axis that is neither time nor place: members, thresholds, bands, stations, runs of a forecast.
public struct DiscreteAxis: Sendable, Equatable {
  /// What the entries are.
  public enum Kind: String, Sendable {
    /// Members of an ensemble.
    case member
    /// Times between a forecast's reference and the time forecast.
    case forecastPeriod
    /// Times at which forecasts were made.
    case referenceTime
    /// Times, beside those along which the field is ordered.
    case time
    /// Places without order: stations, points of a track, cells of a mesh.
    case points
    /// Latitudes or longitudes, where the other one is missing.
    case horizontal
    /// Levels of a second vertical axis.
    case vertical
    /// Anything else.
    case other
  }

  /// The coordinates.
  public enum Values: Sendable, Equatable {
    /// Nothing but numbers from 0.
    case none(count: Int)
    /// Numbers in the axis's units.
    case numbers([Double])
    /// Names.
    case texts([String])
    /// Instants.
    case times([CFTime])

    /// How many there are.
    public var count: Int {
      switch self {
      case .none(let count): count
      case .numbers(let values): values.count
      case .texts(let values): values.count
      case .times(let values): values.count
      }
    }
  }

  /// The dimension's name.
  public var name: String
  /// What the entries are.
  public var kind: Kind
  /// The coordinates.
  public var values: Values
  /// The units as written; empty where the file gives none.
  public var units: String
  /// The attributes of the coordinate variable.
  public var attributes: NetCDFAttributes
  /// The entries' edges, two each, or none.
  public var bounds: [Double]?

  /// Makes an axis.
  public init(
    name: String, kind: Kind = .other, values: Values, units: String = "",
    attributes: NetCDFAttributes = [:], bounds: [Double]? = nil
  ) {
    self.name = name
    self.kind = kind
    self.values = values
    self.units = units
    self.attributes = attributes
    self.bounds = bounds
  }

  /// The number of entries.
  public var count: Int { values.count }
  /// The CF standard name, or nil.
  public var standardName: String? { attributes.text("standard_name") }

  /// Entry `index` for a person: `3`, `850 hPa`, `ECMWF`, a time; its number where it has no coordinate.
  public func label(_ index: Int) -> String {
    guard (0..<count).contains(index) else { return "" }
    switch values {
    case .none: return "\(index)"
    case .numbers(let values):
      return values[index].shortText + (["", "1"].contains(units) ? "" : " \(units)")
    case .texts(let values): return values[index]
    case .times(let values): return values[index].iso8601
    }
  }
}

/// A coordinate with one value for the whole field, such as the height of a 2 m temperature.
public struct ScalarCoordinate: Sendable, Equatable {
  /// The variable's name.
  public var name: String
  /// Its value, one entry.
  public var value: DiscreteAxis.Values
  /// The units as written.
  public var units: String
  /// Its attributes.
  public var attributes: NetCDFAttributes

  /// Makes a coordinate.
  public init(
    name: String, value: DiscreteAxis.Values, units: String, attributes: NetCDFAttributes = [:]
  ) {
    self.name = name
    self.value = value
    self.units = units
    self.attributes = attributes
  }

  /// The value for a person.
  public var label: String {
    DiscreteAxis(name: name, values: value, units: units).label(0)
  }
}

extension Double {
  /// The number without a superfluous `.0`, nor the digits that single precision has none of.
  var shortText: String {
    if let whole = Int(exactly: self), abs(whole) < 1_000_000_000 { return "\(whole)" }
    return Double(Float(self)) == self ? "\(Float(self))" : "\(self)"
  }
}
