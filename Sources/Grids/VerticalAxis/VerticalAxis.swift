// Room: Grids. Levels: what they measure, which way they count, and where the layers end.

public import GridFiles

/// A vertical axis: the coordinate of each level.
///
/// Source: CF 1.11 section 4.3.
public struct VerticalAxis: Sendable, Equatable {
  /// What the coordinates measure.
  public enum Kind: String, Sendable {
    /// Length below the sea surface.
    case depth
    /// Length above the ground or the geoid.
    case height
    /// Pressure.
    case pressure
    /// A coordinate that physical heights follow from by a formula (CF appendix D), such as `ocean_s_coordinate_g2`.
    case parametric
    /// Nothing: levels are only numbered.
    case index
  }

  /// The direction in which coordinates grow.
  public enum Direction: String, Sendable {
    case up, down
  }

  /// The name of the dimension, or of the scalar coordinate where there is one level.
  public var name: String
  /// What the coordinates measure.
  public var kind: Kind
  /// The coordinates, in the order of the file; the level's number where the file gives none.
  public var values: [Double]
  /// The units as written; empty where the file gives none.
  public var units: String
  /// The direction in which coordinates grow; pressure grows downwards.
  public var positive: Direction
  /// The layers' edges, two a level, or none.
  public var bounds: [Double]?
  /// The name of the file's variable of bounds.
  public var boundsName: String?
  /// The attributes of the coordinate variable.
  public var attributes: NetCDFAttributes
  /// The stored type of the coordinate variable.
  public var type: NetCDFType
  /// How physical levels follow from a parametric coordinate, or nil.
  public var formula: VerticalFormula?

  /// Makes an axis.
  public init(
    name: String, kind: Kind, values: [Double], units: String, positive: Direction,
    bounds: [Double]? = nil, boundsName: String? = nil, attributes: NetCDFAttributes = [:],
    type: NetCDFType = .double, formula: VerticalFormula? = nil
  ) {
    self.name = name
    self.kind = kind
    self.values = values
    self.units = units
    self.positive = positive
    self.bounds = bounds
    self.boundsName = boundsName
    self.attributes = attributes
    self.type = type
    self.formula = formula
  }

  /// The number of levels.
  public var count: Int { values.count }

  /// The CF standard name, or nil.
  public var standardName: String? { attributes.text("standard_name") }
}
