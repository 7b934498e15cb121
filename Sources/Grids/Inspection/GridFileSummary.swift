// Room: Grids. What a NetCDF file holds, for `squall inspect`: enough for a stranger to know what to
// do next.

internal import Foundation
public import GridFiles

/// A description of one or several NetCDF files, for people and, as values, for machines.
public struct GridFileSummary: Sendable {
  /// One variable.
  public struct Variable: Sendable {
    /// The name.
    public var name: String
    /// The stored type as CDL calls it.
    public var type: String
    /// The names of the dimensions.
    public var dimensions: [String]
    /// The lengths of the dimensions.
    public var shape: [Int]
    /// The units; empty where the file gives none.
    public var units: String
    /// The standard name, or nil.
    public var standardName: String?
    /// The long name, or nil.
    public var longName: String?
    /// How numbers are packed and compressed; empty where they are neither.
    public var packing: String
    /// What the variable is for: `field`, `flags`, `coordinate`, `bounds`, `grid mapping` or `other`.
    public var use: String
  }

  /// The files.
  public var paths: [String]
  /// The format of the first file.
  public var format: String
  /// The title of the first file, or nil.
  public var title: String?
  /// The dimensions of the first file.
  public var dimensions: [NetCDFDimension]
  /// The variables of the first file.
  public var variables: [Variable]
  /// The name of the variable that `squall nowcast` would take, or nil.
  public var precipitation: String?
  /// What it measures, such as `rain rate` or `rain amount over PT10M`; nil where there is none.
  public var precipitationKind: String?
  /// Why there is none, or nil.
  public var precipitationProblem: String?
  /// The grid of the precipitation, or of the first field.
  public var grid: HorizontalGrid?
  /// Their times.
  public var times: [CFTime]
  /// Guesses made and oddities found.
  public var notes: [String]

  /// Describes the files at `paths`, read as one dataset.
  ///
  /// Throws: `GridError` where a file cannot be opened; problems further in become notes.
  public init(paths: [String]) throws(GridError) {
    let dataset = try GridDataset(paths: paths)
    let file = try dataset.set.header(0)
    self.paths = paths
    format = file.format.rawValue
    title = file.attributes.text("title").flatMap { $0.isEmpty ? nil : $0 }
    dimensions = file.dimensions
    variables = file.variables.map { Variable($0, in: file) }
    times = []
    notes = []

    var chosen: GridVariable?
    do throws(GridError) {
      let rain = try dataset.precipitationVariable()
      precipitation = rain.variable.name
      precipitationKind = Self.kind(of: rain)
      notes = rain.notes
      chosen = rain.variable
    } catch {
      precipitationProblem = error.message
      chosen = dataset.variables.first { $0.isGridded && !$0.isCoded }
    }
    guard let chosen else { return }
    do throws(GridError) {
      grid = try dataset.grid(of: chosen)
      times = try dataset.times(of: chosen)
      for note in try dataset.notes(of: chosen) where !notes.contains(note) {
        notes.append(note)
      }
    } catch {
      notes.append(error.description)
    }
  }

  private static func kind(of rain: PrecipitationVariable) -> String {
    switch rain.quantity {
    case .rate: return "rain rate"
    case .amount:
      let periods = Set(rain.periods)
      let period = periods.count == 1 ? periods.first.map(\.iso8601) : nil
      return "rain amount over \(period ?? "periods that differ")"
    case .reflectivity: return "reflectivity"
    }
  }

  /// How the times are spaced.
  public var spacing: FrameSpacing { FrameSpacing(times) }
}

extension GridFileSummary.Variable {
  init(_ variable: NetCDFVariable, in file: FileHeader) {
    let described = GridVariable(variable, in: file)
    name = variable.name
    type = variable.type.cdlName
    dimensions = variable.dimensions.map(\.name)
    shape = variable.shape
    units = described.units
    standardName = described.standardName
    longName = described.longName
    packing = GridFileSummary.packing(of: variable)
    use = GridFileSummary.use(of: variable, described, in: file)
  }
}

extension GridFileSummary {
  fileprivate static func packing(of variable: NetCDFVariable) -> String {
    let packing = Packing(variable)
    var parts: [String] = []
    if packing.isPacked {
      let scale = variable.attributes["scale_factor"]?.cdl ?? "1"
      let offset = packing.offset == 0 ? "" : " + \(packing.offset)"
      parts.append("packed: × \(scale)\(offset)")
    }
    if let fill = variable.attributes["_FillValue"] { parts.append("missing: \(fill.cdl)") }
    if variable.storage.deflateLevel > 0 {
      let shuffle = variable.storage.isShuffled ? " + shuffle" : ""
      parts.append("deflate \(variable.storage.deflateLevel)\(shuffle)")
    }
    return parts.joined(separator: ", ")
  }

  fileprivate static func use(
    of variable: NetCDFVariable, _ described: GridVariable, in file: FileHeader
  ) -> String {
    if variable.attributes["grid_mapping_name"] != nil { return "grid mapping" }
    let isBounds = file.variables.contains {
      $0.attributes.text("bounds") == variable.shortName
    }
    if isBounds { return "bounds" }
    if variable.dimensions.count == 1, variable.dimensions[0].name == variable.name {
      return "coordinate"
    }
    if variable.isLatitude || variable.isLongitude
      || CFTimeUnits.looksLikeTime(described.units)
    {
      return "coordinate"
    }
    if described.isCoded { return "flags" }
    return described.isGridded ? "field" : "other"
  }
}

extension GridFileSummary: CustomStringConvertible {
  /// Several lines for a person, the last of which says what to do next.
  public var description: String {
    var lines = [headline]
    lines.append("dimensions: " + dimensions.map(Self.text).joined(separator: ", "))
    lines.append("variables:")
    lines += variables.map { "  " + Self.text($0) }
    if let grid { lines += Self.text(grid) }
    if let first = times.first, let last = times.last {
      let range = times.count == 1 ? "\(first)" : "\(first) to \(last), \(spacing.summary)"
      let calendar = first.calendar == .standard ? "" : ", calendar \(first.calendar.rawValue)"
      lines.append("times: \(times.count): \(range)\(calendar)")
    }
    lines += notes.map { "note: \($0)" }
    lines.append(next)
    return lines.joined(separator: "\n")
  }

  private var headline: String {
    let name = paths.count == 1 ? paths[0] : "\(paths[0]) and \(paths.count - 1) more"
    return "\(name): \(format)" + (title.map { ", \"\($0)\"" } ?? "")
  }

  private var next: String {
    if let precipitation {
      let files = paths.count == 1 ? paths[0] : "FRAMES…"
      let kind = precipitationKind.map { " (\($0))" } ?? ""
      return "next: squall nowcast \(files) -o OUT.nc takes '\(precipitation)'\(kind)"
    }
    return "next: not an input for squall nowcast: \(precipitationProblem ?? "no field")"
  }

  private static func text(_ dimension: NetCDFDimension) -> String {
    "\(dimension.name) = \(dimension.length)" + (dimension.isUnlimited ? " (unlimited)" : "")
  }

  private static func text(_ variable: Variable) -> String {
    var text = "\(variable.name)(\(variable.dimensions.joined(separator: ", "))) \(variable.type)"
    if !variable.units.isEmpty { text += " [\(variable.units)]" }
    if let name = variable.standardName ?? variable.longName { text += " \(name)" }
    if !variable.packing.isEmpty { text += " (\(variable.packing))" }
    return text + ": \(variable.use)"
  }

  private static func text(_ grid: HorizontalGrid) -> [String] {
    var line = "grid: \(grid.height) × \(grid.width) cells, \(grid.kind.rawValue)"
    if let projection = grid.mapping?.projection { line += ", \(projection)" }
    if let spacing = grid.spacingKilometres {
      line += String(format: ", spacing %.4g × %.4g km", spacing.y, spacing.x)
    }
    let axes = [grid.y, grid.x].map { axis -> String in
      let ends = [axis.values.first, axis.values.last].compactMap { $0 }
        .map { String(format: "%.10g", $0) }
      return "  \(axis.name): \(ends.joined(separator: " to ")) \(axis.units)"
        + (axis.isRegular ? "" : ", uneven")
    }
    return [line] + axes
  }
}
