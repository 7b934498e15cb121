// Room: Grids. Where values lie: two horizontal axes, the projection behind them, and how far apart
// the cells are.

internal import Foundation
public import GridFiles

/// One horizontal axis: the coordinate of each row or column.
public struct HorizontalAxis: Sendable, Equatable {
  /// The dimension's name in the file.
  public var name: String
  /// The coordinates; the row or column number where the file gives none.
  public var values: [Double]
  /// The units as written; empty where the file gives none.
  public var units: String
  /// The cells' edges, two a cell, or none.
  public var bounds: [Double]?
  /// The name of the file's variable of bounds.
  public var boundsName: String?
  /// The attributes of the coordinate variable.
  public var attributes: NetCDFAttributes
  /// The stored type of the coordinate variable.
  public var type: NetCDFType

  /// Makes an axis.
  public init(
    name: String, values: [Double], units: String, bounds: [Double]? = nil,
    boundsName: String? = nil, attributes: NetCDFAttributes, type: NetCDFType = .double
  ) {
    self.name = name
    self.values = values
    self.units = units
    self.bounds = bounds
    self.boundsName = boundsName
    self.attributes = attributes
    self.type = type
  }

  /// The CF standard name, or nil.
  public var standardName: String? { attributes.text("standard_name") }

  /// The number of cells along the axis.
  public var count: Int { values.count }

  /// Whether coordinates grow with the index.
  public var isAscending: Bool { values.count < 2 || values[1] > values[0] }

  /// The mean distance of neighbouring coordinates, in the axis's units, without a sign.
  public var step: Double {
    guard values.count > 1, let first = values.first, let last = values.last else { return 0 }
    return abs(last - first) / Double(values.count - 1)
  }

  /// Whether all neighbours are equally far apart, to a hundredth of the step.
  public var isRegular: Bool {
    let step = step
    return zip(values, values.dropFirst()).allSatisfy { abs(abs($1 - $0) - step) <= 0.01 * step }
  }

  /// Whether `other` has the same coordinates, to a thousandth of the step.
  func agrees(with other: HorizontalAxis) -> Bool {
    let tolerance = 1e-3 * step + 1e-12
    return count == other.count
      && zip(values, other.values).allSatisfy { abs($0 - $1) <= tolerance }
  }
}

/// The variable that says how the grid is projected, kept as it stands in the file.
public struct GridMapping: Sendable, Equatable {
  /// The variable's name.
  public var name: String
  /// All its attributes.
  public var attributes: NetCDFAttributes
  /// Its stored type.
  public var type: NetCDFType

  /// Makes a grid mapping.
  public init(name: String, attributes: NetCDFAttributes, type: NetCDFType = .int32) {
    self.name = name
    self.attributes = attributes
    self.type = type
  }

  /// The CF name of the projection, such as `polar_stereographic`; nil where none is given.
  public var projection: String? { attributes.text("grid_mapping_name") }

  /// This mapping with what CF asks for and the rest of it implies.
  ///
  /// Source: CF 1.11 appendix F: a polar stereographic projection names its pole, which the sign of
  /// the standard parallel tells too.
  var completed: GridMapping {
    guard projection == "polar_stereographic",
      attributes["latitude_of_projection_origin"] == nil,
      let parallel = attributes.number("standard_parallel"), parallel != 0
    else { return self }
    var result = self
    result.attributes["latitude_of_projection_origin"] = .double([parallel < 0 ? -90 : 90])
    return result
  }
}

/// Latitude and longitude of every cell, where the file gives them beside the axes.
public struct AuxiliaryCoordinate: Sendable, Equatable {
  /// The variable's name.
  public var name: String
  /// Its attributes.
  public var attributes: NetCDFAttributes
  /// Its values as stored, row by row, in the grid's own order.
  public var values: NetCDFValues
  /// The coordinate of each cell's corners in order around it, as many a cell as divide them evenly
  /// (four in most files), row by row in the grid's own order; or none.
  public var bounds: [Double]?
  /// The name of the file's variable of bounds.
  public var boundsName: String?

  /// Makes a coordinate.
  public init(
    name: String, attributes: NetCDFAttributes, values: NetCDFValues, bounds: [Double]? = nil,
    boundsName: String? = nil
  ) {
    self.name = name
    self.attributes = attributes
    self.values = values
    self.bounds = bounds
    self.boundsName = boundsName
  }
}

/// A horizontal grid: rows along y, columns along x.
public struct HorizontalGrid: Sendable, Equatable {
  /// What the axes measure.
  public enum Kind: String, Sendable {
    /// Distances on a map projection, in a unit of length.
    case projected
    /// Latitude and longitude of each row and column.
    case geographic
    /// Viewing angles of a satellite.
    case angular
    /// Nothing: only latitude and longitude of every cell say where it is.
    case curvilinear
    /// Nothing at all.
    case index
  }

  /// What the axes measure.
  public var kind: Kind
  /// The axis along a row.
  public var x: HorizontalAxis
  /// The axis along a column.
  public var y: HorizontalAxis
  /// The projection, where the file gives one.
  public var mapping: GridMapping?
  /// Latitude of every cell, where the file gives it.
  public var latitude: AuxiliaryCoordinate?
  /// Longitude of every cell, where the file gives it.
  public var longitude: AuxiliaryCoordinate?
  /// Guesses made about the grid, for a person to read.
  public var notes: [String]

  /// Makes a grid.
  public init(
    kind: Kind, x: HorizontalAxis, y: HorizontalAxis, mapping: GridMapping? = nil,
    latitude: AuxiliaryCoordinate? = nil, longitude: AuxiliaryCoordinate? = nil,
    notes: [String] = []
  ) {
    self.kind = kind
    self.x = x
    self.y = y
    self.mapping = mapping
    self.latitude = latitude
    self.longitude = longitude
    self.notes = notes
  }

  /// Cells in a row.
  public var width: Int { x.count }
  /// Rows.
  public var height: Int { y.count }

  /// The distance between neighbouring cells in kilometres; nil where nothing says it.
  ///
  /// Edge cases: for latitude and longitude, the distance along the middle row and column; for
  /// satellite angles, that below the satellite.
  public var spacingKilometres: (x: Double, y: Double)? {
    switch kind {
    case .geographic:
      let middle = y.values.isEmpty ? 0 : y.values[y.values.count / 2]
      let degree = HorizontalGrid.earthRadiusKilometres * .pi / 180
      return (x.step * degree * cos(middle * .pi / 180), y.step * degree)
    case .projected:
      guard let xUnit = kilometresPerUnit(x), let yUnit = kilometresPerUnit(y) else { return nil }
      return (x.step * xUnit, y.step * yUnit)
    case .angular:
      guard let height = mapping?.attributes.number("perspective_point_height") else { return nil }
      return (x.step * height / 1000, y.step * height / 1000)
    case .curvilinear: return curvilinearSpacing
    case .index: return nil
    }
  }

  static let earthRadiusKilometres = 6371.0

  /// Whether the projection's ellipsoid is given in kilometres, though CF asks for metres: then
  /// coordinates that claim to be metres are kilometres too.
  var claimsMetresButMeansKilometres: Bool {
    guard let attributes = mapping?.attributes,
      let radius = attributes.number("semi_major_axis") ?? attributes.number("earth_radius")
    else { return false }
    return radius > 6000 && radius < 7000
  }

  func kilometresPerUnit(_ axis: HorizontalAxis) -> Double? {
    let units = axis.units.isEmpty ? "m" : axis.units
    guard let unit = try? PhysicalUnit(units), let kilometre = try? PhysicalUnit("km"),
      let conversion = try? unit.conversion(to: kilometre)
    else { return nil }
    return claimsMetresButMeansKilometres && conversion.scale == 1e-3 ? 1 : conversion.scale
  }

  private var curvilinearSpacing: (x: Double, y: Double)? {
    guard let latitudes = latitude?.values.doubles, let longitudes = longitude?.values.doubles,
      width > 1, height > 1, latitudes.count == width * height,
      longitudes.count == latitudes.count
    else { return nil }
    let centre = (height - 1) / 2 * width + (width - 1) / 2
    let distance = { (a: Int, b: Int) -> Double in
      greatCircleKilometres(latitudes[a], longitudes[a], latitudes[b], longitudes[b])
    }
    let (dx, dy) = (distance(centre, centre + 1), distance(centre, centre + width))
    return dx.isFinite && dy.isFinite ? (dx, dy) : nil
  }

  /// What differs between this grid and `other`, or nil where they are the same.
  public func difference(from other: HorizontalGrid) -> String? {
    if width != other.width || height != other.height {
      return "\(height)×\(width) cells, not \(other.height)×\(other.width)"
    }
    if !x.agrees(with: other.x) { return "other coordinates along '\(x.name)'" }
    if !y.agrees(with: other.y) { return "other coordinates along '\(y.name)'" }
    if mapping?.projection != other.mapping?.projection {
      let name = mapping?.projection ?? "no projection"
      return "\(name), not \(other.mapping?.projection ?? "no projection")"
    }
    return nil
  }
}

/// The distance of two places on a sphere, from their latitudes and longitudes in degrees.
func greatCircleKilometres(_ lat1: Double, _ lon1: Double, _ lat2: Double, _ lon2: Double) -> Double
{
  let radian = Double.pi / 180
  let a =
    haversine((lat2 - lat1) * radian)
    + cos(lat1 * radian) * cos(lat2 * radian) * haversine((lon2 - lon1) * radian)
  return 2 * HorizontalGrid.earthRadiusKilometres * asin(min(1, a.squareRoot()))
}

private func haversine(_ angle: Double) -> Double {
  let half = sin(angle / 2)
  return half * half
}
