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
  /// Whether the numbers are codes (flags, classes, palettes), not measurements.
  public let isCoded: Bool

  init(_ variable: NetCDFVariable, in file: NetCDFFile) {
    name = variable.name
    standardName = variable.attributes.text("standard_name").flatMap { $0.isEmpty ? nil : $0 }
    longName = variable.attributes.text("long_name").flatMap { $0.isEmpty ? nil : $0 }
    units = variable.unitsText
    type = variable.type
    dimensions = variable.dimensions
    attributes = variable.attributes
    packing = Packing(variable)
    isGridded =
      variable.type.isNumeric && !GridVariable.isSupport(variable, in: file)
      && FieldLayout(variable, in: file) != nil
    let codes = ["flag_values", "flag_meanings", "flag_masks", "flag_mask", "colormodel"]
    isCoded =
      codes.contains { variable.attributes[$0] != nil }
      || (standardName?.hasSuffix("status_flag") ?? false) || standardName == "quality_flag"
  }

  /// Whether another variable uses this one as its coordinates, bounds or palette.
  private static func isSupport(_ variable: NetCDFVariable, in file: NetCDFFile) -> Bool {
    if variable.isLatitude || variable.isLongitude || variable.attributes["colormodel"] != nil {
      return true
    }
    if variable.attributes["grid_mapping_name"] != nil { return true }
    return file.variables.contains { other in
      ["bounds", "climatology"].contains { other.attributes.text($0) == variable.shortName }
    }
  }
}
