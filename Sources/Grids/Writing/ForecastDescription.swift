// Room: Grids. What a forecast file holds, described before any value is written.

public import GridFiles

/// A variable of a forecast file, with its extra dimensions first, then time, y and x, as CF
/// recommends.
public struct ForecastVariable: Sendable {
  /// The variable's name.
  public var name: String
  /// The stored type: `float` for measurements, an integer type for flags.
  public var type: NetCDFType
  /// The names of coordinates left of time, such as `threshold` or `realization`.
  public var extraDimensions: [String]
  /// Numbers are rounded to multiples of this; nil keeps them as they are.
  public var quantum: Double?
  /// `standard_name`, `long_name`, `units`, flags and whatever else describes the variable.
  public var attributes: NetCDFAttributes

  /// Describes a variable.
  public init(
    name: String, type: NetCDFType = .float, extraDimensions: [String] = [],
    quantum: Double? = nil, attributes: NetCDFAttributes
  ) {
    self.name = name
    self.type = type
    self.extraDimensions = extraDimensions
    self.quantum = quantum
    self.attributes = attributes
  }

  /// Rain rate in mm h-1, rounded to hundredths.
  public static func rainfallRate(
    name: String = "rainfall_rate", extraDimensions: [String] = []
  ) -> ForecastVariable {
    ForecastVariable(
      name: name, extraDimensions: extraDimensions, quantum: 0.01,
      attributes: [
        "standard_name": "rainfall_rate", "long_name": "rainfall rate", "units": "mm h-1",
      ])
  }

  /// The probability that the rain rate reaches each of `threshold`'s values, in IMPROVER's form.
  public static func probabilityOfRainfallRate(
    threshold: String = "threshold"
  ) -> ForecastVariable {
    ForecastVariable(
      name: "probability_of_rainfall_rate_above_threshold", extraDimensions: [threshold],
      quantum: 0.001,
      attributes: [
        "long_name": "probability of rainfall rate above threshold", "units": "1",
      ])
  }

  /// Bits that each mean something about a cell, named by `flags` in order from bit 0.
  ///
  /// Edge cases: the type is the smallest unsigned one that has room for all; at most 32 flags.
  public static func qualityFlag(
    name: String = "quality_flag", longName: String = "quality flag",
    flags: [(mask: UInt32, meaning: String)]
  ) -> ForecastVariable {
    let largest = flags.map(\.mask).max() ?? 0
    let masks: NetCDFValues
    if largest <= UInt8.max {
      masks = .uint8(flags.map { UInt8(truncatingIfNeeded: $0.mask) })
    } else if largest <= UInt16.max {
      masks = .uint16(flags.map { UInt16(truncatingIfNeeded: $0.mask) })
    } else {
      masks = .uint32(flags.map(\.mask))
    }
    return ForecastVariable(
      name: name, type: masks.type,
      attributes: [
        "standard_name": "quality_flag", "long_name": .text(longName), "flag_masks": masks,
        "flag_meanings": .text(flags.map(\.meaning).joined(separator: " ")),
      ])
  }
}

/// A coordinate of a forecast file besides time and the horizontal ones.
public struct ForecastCoordinate: Sendable {
  /// The name of the dimension and of its coordinate variable.
  public var name: String
  /// The coordinates.
  public var values: NetCDFValues
  /// `standard_name`, `units` and whatever else describes them.
  public var attributes: NetCDFAttributes

  /// Describes a coordinate.
  public init(name: String, values: NetCDFValues, attributes: NetCDFAttributes) {
    self.name = name
    self.values = values
    self.attributes = attributes
  }

  /// Thresholds of rain rate in mm h-1, for `ForecastVariable.probabilityOfRainfallRate`.
  public static func rainfallRateThreshold(
    _ thresholds: [Float], name: String = "threshold"
  ) -> ForecastCoordinate {
    ForecastCoordinate(
      name: name, values: .float(thresholds),
      attributes: [
        "standard_name": "rainfall_rate", "long_name": "rainfall rate threshold",
        "units": "mm h-1", "spp__relative_to_threshold": "greater_than_or_equal_to",
      ])
  }

  /// The numbers of an ensemble's members, counted from 0.
  public static func realization(count: Int, name: String = "realization") -> ForecastCoordinate {
    ForecastCoordinate(
      name: name, values: .int32((0..<max(count, 0)).map { Int32(clamping: $0) }),
      attributes: [
        "standard_name": "realization", "long_name": "ensemble member", "units": "1",
      ])
  }
}

/// Everything about a forecast file that is known before its first lead time.
public struct ForecastDescription: Sendable {
  /// The grid of all variables, as read from the input.
  public var grid: HorizontalGrid
  /// The time from which the forecast starts.
  public var referenceTime: CFTime
  /// The number of lead times, or nil for an unlimited time dimension.
  public var leadTimeCount: Int?
  /// Coordinates besides time and the horizontal ones.
  public var coordinates: [ForecastCoordinate]
  /// The variables.
  public var variables: [ForecastVariable]
  /// Attributes of the file: title, institution, source, history, references and so on.
  public var attributes: NetCDFAttributes
  /// The deflate level, 0 to 9; 1 is nearly as small as 9 and ten times as fast.
  public var deflateLevel: Int

  /// Describes a file.
  public init(
    grid: HorizontalGrid, referenceTime: CFTime, leadTimeCount: Int? = nil,
    coordinates: [ForecastCoordinate] = [], variables: [ForecastVariable],
    attributes: NetCDFAttributes = [:], deflateLevel: Int = 1
  ) {
    self.grid = grid
    self.referenceTime = referenceTime
    self.leadTimeCount = leadTimeCount
    self.coordinates = coordinates
    self.variables = variables
    self.attributes = attributes
    self.deflateLevel = deflateLevel
  }
}
