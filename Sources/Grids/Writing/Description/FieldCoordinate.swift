// Room: Grids. Coordinates of a file in the making besides time, levels and the horizontal ones.

public import GridFiles

/// A coordinate besides time, levels and the horizontal ones: members, thresholds, a fixed height.
public struct FieldCoordinate: Sendable {
  /// The name of the coordinate variable, and of its dimension where it has one.
  public var name: String
  /// The coordinates.
  public var values: NetCDFValues
  /// The cells' edges, two a coordinate, or none.
  public var bounds: [Double]?
  /// Whether this is one value for the whole file rather than a dimension.
  public var isScalar: Bool
  /// `standard_name`, `units` and whatever else describes them.
  public var attributes: NetCDFAttributes

  /// Describes a coordinate.
  public init(
    name: String, values: NetCDFValues, bounds: [Double]? = nil, isScalar: Bool = false,
    attributes: NetCDFAttributes
  ) {
    self.name = name
    self.values = values
    self.bounds = bounds
    self.isScalar = isScalar
    self.attributes = attributes
  }

  /// Thresholds of rain rate in mm h-1, for `FieldVariable.probabilityOfRainfallRate`.
  public static func rainfallRateThreshold(
    _ thresholds: [Float], name: String = "threshold"
  ) -> FieldCoordinate {
    FieldCoordinate(
      name: name, values: .float(thresholds),
      attributes: [
        "standard_name": "rainfall_rate", "long_name": "rainfall rate threshold",
        "units": "mm h-1", "spp__relative_to_threshold": "greater_than_or_equal_to",
      ])
  }

  /// The numbers of an ensemble's members, counted from 0.
  public static func realization(count: Int, name: String = "realization") -> FieldCoordinate {
    FieldCoordinate(
      name: name, values: .int32((0..<max(count, 0)).map { Int32(clamping: $0) }),
      attributes: [
        "standard_name": "realization", "long_name": "ensemble member", "units": "1",
      ])
  }

  /// The height in metres at which the variables hold; 0 for the ground or the sea surface.
  public static func height(_ metres: Double, name: String = "height") -> FieldCoordinate {
    FieldCoordinate(
      name: name, values: .double([metres]), isScalar: true,
      attributes: [
        "standard_name": "height", "long_name": "height above the surface", "units": "m",
        "positive": "up", "axis": "Z",
      ])
  }
}
