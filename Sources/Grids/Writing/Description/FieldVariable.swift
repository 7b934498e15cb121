// Room: Grids. A variable of a file in the making, described before any value is written.

public import GridFiles

/// A variable of a file in the making.
///
/// Its dimensions are, from left to right: the extra ones, time, the levels, y and x, as CF
/// recommends; each of them may be absent.
public struct FieldVariable: Sendable {
  /// The variable's name.
  public var name: String
  /// The type in which numbers are stored: `float` for measurements, an integer type for flags. A
  /// `precision` that packs has its own.
  public var type: NetCDFType
  /// The names of coordinates left of time, such as `threshold` or `realization`.
  public var extraDimensions: [String]
  /// Whether the values change with time.
  public var isTimed: Bool
  /// The name of the vertical axis, or nil where the variable has no levels.
  public var verticalAxis: String?
  /// Whether there is a value for every cell of the horizontal grid.
  public var isOnGrid: Bool
  /// How exactly numbers are kept; nil for the file's own choice.
  public var precision: Precision?
  /// The names of the scalar coordinates that hold for this variable; nil for all.
  public var scalarCoordinates: [String]?
  /// `standard_name`, `long_name`, `units`, `cell_methods`, flags and whatever else describes it.
  ///
  /// What the file's own layout decides (`_FillValue`, `scale_factor`, `coordinates`,
  /// `grid_mapping`, `bounds` and the like) is replaced, so that attributes may be passed on as read.
  public var attributes: NetCDFAttributes

  /// Describes a variable.
  public init(
    name: String, type: NetCDFType = .float, extraDimensions: [String] = [], isTimed: Bool = true,
    verticalAxis: String? = nil, isOnGrid: Bool = true, precision: Precision? = nil,
    scalarCoordinates: [String]? = nil, attributes: NetCDFAttributes
  ) {
    self.name = name
    self.type = type
    self.extraDimensions = extraDimensions
    self.isTimed = isTimed
    self.verticalAxis = verticalAxis
    self.isOnGrid = isOnGrid
    self.precision = precision
    self.scalarCoordinates = scalarCoordinates
    self.attributes = attributes
  }

  /// Whether the numbers are flags about other variables.
  public var isFlag: Bool {
    attributes["flag_masks"] != nil || attributes["flag_values"] != nil
      || attributes["flag_meanings"] != nil
  }

  /// Rain rate in mm h-1, rounded to hundredths.
  public static func rainfallRate(
    name: String = "rainfall_rate", extraDimensions: [String] = []
  ) -> FieldVariable {
    FieldVariable(
      name: name, extraDimensions: extraDimensions, precision: .multiples(of: 0.01),
      attributes: [
        "standard_name": "rainfall_rate", "long_name": "rainfall rate", "units": "mm h-1",
      ])
  }

  /// The probability that the rain rate reaches each of `threshold`'s values, in IMPROVER's form.
  public static func probabilityOfRainfallRate(threshold: String = "threshold") -> FieldVariable {
    FieldVariable(
      name: "probability_of_rainfall_rate_above_threshold", extraDimensions: [threshold],
      precision: .multiples(of: 0.001),
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
  ) -> FieldVariable {
    let largest = flags.map(\.mask).max() ?? 0
    let masks: NetCDFValues
    if largest <= UInt8.max {
      masks = .uint8(flags.map { UInt8(truncatingIfNeeded: $0.mask) })
    } else if largest <= UInt16.max {
      masks = .uint16(flags.map { UInt16(truncatingIfNeeded: $0.mask) })
    } else {
      masks = .uint32(flags.map(\.mask))
    }
    return FieldVariable(
      name: name, type: masks.type,
      attributes: [
        "standard_name": "quality_flag", "long_name": .text(longName), "flag_masks": masks,
        "flag_meanings": .text(flags.map(\.meaning).joined(separator: " ")),
      ])
  }
}
