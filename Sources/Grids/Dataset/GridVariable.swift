// Room: Grids. A variable of a dataset, described for choosing and for reading.

public import GridFiles

/// A variable of a dataset.
public struct GridVariable: Sendable {
  /// The name in the files.
  public let name: String
  /// The CF standard name, or nil.
  public let standardName: String?
  /// The long name, or nil.
  public let longName: String?
  /// The units as written; empty where the file gives none.
  public let units: String
  /// The stored type.
  public let type: NetCDFType
  /// The dimensions in the first file, slowest first.
  public let dimensions: [NetCDFDimension]
  /// All attributes.
  public let attributes: NetCDFAttributes
  /// How stored numbers become physical ones.
  public let packing: Packing
  /// Whether the variable lies on a horizontal grid and can be read as fields.
  public let isGridded: Bool
  /// Whether the variable only serves others: coordinates, bounds, a grid mapping, a palette.
  public let isSupport: Bool
  /// Whether the numbers are codes (flags, classes, palettes), not measurements.
  public let isCoded: Bool

  init(_ variable: NetCDFVariable, in header: FileHeader) {
    name = variable.name
    standardName = variable.attributes.text("standard_name").flatMap { $0.isEmpty ? nil : $0 }
    longName = variable.attributes.text("long_name").flatMap { $0.isEmpty ? nil : $0 }
    units = variable.unitsText
    type = variable.type
    dimensions = variable.dimensions
    attributes = variable.attributes
    packing = Packing(variable)
    isSupport = GridVariable.isSupport(variable, in: header)
    isGridded =
      variable.type.isNumeric && !isSupport
      && VariableLayout(variable, in: header).isGridded
    let codes = ["flag_values", "flag_meanings", "flag_masks", "flag_mask", "colormodel"]
    isCoded =
      codes.contains { variable.attributes[$0] != nil }
      || (standardName?.hasSuffix("status_flag") ?? false) || standardName == "quality_flag"
  }

  /// Whether another variable uses this one as its coordinates, bounds or palette.
  static func isSupport(_ variable: NetCDFVariable, in header: FileHeader) -> Bool {
    if variable.isLatitude || variable.isLongitude || variable.attributes["colormodel"] != nil {
      return true
    }
    return variable.attributes["grid_mapping_name"] != nil
      || header.boundsNames.contains(variable.shortName)
      || header.coordinateNames.contains(variable.shortName)
      || (variable.dimensions.count < 2 && CFTimeUnits.looksLikeTime(variable.unitsText))
      || (variable.dimensions.count == 1
        && header.coordinateVariable(of: variable.dimensions[0])?.name == variable.name)
  }
}
