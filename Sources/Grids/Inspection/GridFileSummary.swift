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
  /// The fields, by the grid that they share.
  public var groups: [FieldGroup]
  /// The grid of the precipitation, or of the first field.
  public var grid: HorizontalGrid?
  /// Their times.
  public var times: [CFTime]
  /// Guesses made and oddities found.
  public var notes: [String]
  /// What could not be understood, and what to do about it.
  public var problems: [String]

  /// Describes the files at `paths`, read as one dataset.
  ///
  /// Throws: `GridError` where a file cannot be opened; problems further in become notes.
  public init(paths: [String]) throws(GridError) {
    try self.init(try GridDataset(paths: paths))
  }

  /// Describes the files of `dataset`.
  public init(_ dataset: GridDataset) throws(GridError) {
    let file = try dataset.set.header(0)
    paths = dataset.paths
    format = file.format.rawValue
    title = file.attributes.text("title").flatMap { $0.isEmpty ? nil : $0 }
    dimensions = file.dimensions
    variables = file.variables.map { Variable($0, in: file) }
    for number in dataset.paths.indices.dropFirst() {
      let header = try dataset.set.header(number)
      for variable in header.variables
      where !variables.contains(where: { $0.name == variable.name }) {
        variables.append(Variable(variable, in: header))
      }
    }
    times = []
    notes = []
    problems = []

    var chosen: String?
    do throws(GridError) {
      let rain = try dataset.precipitationVariable()
      precipitation = rain.variable.name
      precipitationKind = Self.kind(of: rain)
      notes = rain.notes
      chosen = rain.variable.name
    } catch {
      precipitationProblem = error.message
    }
    var fields: [Field] = []
    for variable in dataset.variables where !variable.isSupport && variable.type.isNumeric {
      do throws(GridError) {
        fields.append(try dataset.field(variable))
      } catch {
        if !problems.contains(error.description) { problems.append(error.description) }
      }
    }
    for field in fields {
      if let problem = field.timeProblem, !problems.contains(problem.description) {
        problems.append(problem.description)
      }
      for note in field.notes where !notes.contains(note) { notes.append(note) }
      if let note = Self.unitsNote(field), !notes.contains(note) { notes.append(note) }
    }
    // Fields on grids first, and of those the ones with most values.
    groups =
      FieldGroup.groups(of: fields.filter { $0.horizontal != nil })
      + FieldGroup.groups(of: fields.filter { $0.horizontal == nil })
    let main =
      fields.first { $0.name == chosen }
      ?? groups.first { $0.example.horizontal != nil }?.example ?? fields.first
    grid = main?.horizontal
    times = main?.times ?? []
  }

  private static func unitsNote(_ field: Field) -> String? {
    guard !field.units.isEmpty, field.flags == nil, (try? PhysicalUnit(field.units)) == nil else {
      return nil
    }
    return "units '\(field.units)' of '\(field.name)' are no units that UDUNITS knows: "
      + "values are read, but cannot be converted"
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
  /// How the times follow each other, in months where they follow the calendar.
  public var steps: TimeSteps { TimeSteps(times) }
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
    if file.boundsNames.contains(variable.shortName) { return "bounds" }
    if variable.dimensions.count == 1, variable.dimensions[0].name == variable.name {
      return "coordinate"
    }
    if variable.isLatitude || variable.isLongitude
      || CFTimeUnits.looksLikeTime(described.units)
      || file.coordinateNames.contains(variable.shortName)
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
    for group in groups {
      if groups.count > 1 {
        lines.append("on one grid: \(group.variables.joined(separator: ", "))")
      }
      lines += group.facts.map { ($0.label.isEmpty ? "  " : "\($0.label): ") + $0.text }
    }
    lines += notes.map { "note: \($0)" }
    lines += problems.map { "problem: \($0)" }
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
}
