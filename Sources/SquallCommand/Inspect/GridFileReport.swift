// Room: SquallCommand. What `squall inspect` says of NetCDF files.

internal import Foundation
internal import Grids

/// NetCDF files, described for somebody who has never seen them.
struct GridFileReport {
  let summary: GridFileSummary
  /// The newest frame of the rain, where there is rain.
  let rain: RainValues?

  /// Reads the metadata of all files, and the values of the newest frame of rain.
  init(paths: [String]) throws(GridError) {
    summary = try GridFileSummary(paths: paths)
    rain = summary.precipitation == nil ? nil : try RainValues(paths: paths)
  }
}

/// How much rain the newest frame has.
struct RainValues: Encodable {
  let minimum: Double?
  let maximum: Double?
  /// Of the cells that are seen, those with at least 0.1 mm/h.
  let wetFraction: Double?
  let missingFraction: Double

  init(paths: [String]) throws(GridError) {
    let dataset = try GridDataset(paths: paths)
    let rain = try dataset.precipitationVariable()
    let newest = try dataset.times(of: rain.variable).count - 1
    let field = try dataset.rainRate(rain, at: newest)
    let seen = field.values.filter(\.isFinite)
    minimum = seen.min().map(Double.init)
    maximum = seen.max().map(Double.init)
    wetFraction = seen.isEmpty ? nil : Double(seen.count { $0 >= 0.1 }) / Double(seen.count)
    missingFraction =
      field.values.isEmpty ? 0 : 1 - Double(seen.count) / Double(field.values.count)
  }

  var text: String {
    guard let minimum, let maximum, let wetFraction else {
      return "the newest frame is missing everywhere"
    }
    return String(
      format: "newest frame: %.3g to %.4g mm/h, %.0f %% wet, %.0f %% missing", minimum, maximum,
      wetFraction * 100, missingFraction * 100)
  }
}

// MARK: - For people

extension GridFileReport {
  var text: String {
    var page = Page()
    let others = summary.paths.count - 1
    page.add(
      "file",
      "\(summary.paths[0])\(others > 0 ? " and \(others) more" : ""), \(summary.format)")
    if let title = summary.title { page.add("title", title) }
    page.table("variables", summary.variables.map(Self.row))
    if let grid = summary.grid {
      page.add("grid", Self.text(grid))
      for axis in [grid.y, grid.x] { page.more(Self.text(axis)) }
    }
    if let first = summary.times.first, let last = summary.times.last {
      page.add(
        "times",
        summary.times.count == 1
          ? first.iso8601
          : "\(Page.count(summary.times.count)) from \(first.iso8601) to \(last.iso8601), "
            + summary.spacing.summary)
    }
    if let name = summary.precipitation {
      page.add("rain", "'\(name)', \(summary.precipitationKind ?? "")")
    }
    if let rain { page.more(rain.text) }
    for note in summary.notes { page.add("note", note) }
    for line in next { page.add("next", line) }
    return page.text
  }

  private var next: [String] {
    guard summary.precipitation != nil else {
      return [
        "not for nowcasts: \(summary.precipitationProblem ?? "no field")",
        "squall run NETWORK.onnx --input NAME=\(summary.paths[0]):VARIABLE feeds a network",
      ]
    }
    guard summary.times.count > 1 else {
      return ["one time is too few: squall nowcast with this file and those before it, -o OUT.nc"]
    }
    let files = summary.paths.count == 1 ? summary.paths[0] : "FRAMES…"
    return ["squall nowcast \(files) -o OUT.nc"]
  }

  private static func row(_ variable: GridFileSummary.Variable) -> [String] {
    let lengths = zip(variable.dimensions, variable.shape).map { "\($0): \($1)" }
    return [
      variable.name, "(\(lengths.joined(separator: ", ")))", variable.type, variable.use,
      variable.units, variable.standardName ?? variable.longName ?? "",
    ]
  }

  private static func text(_ grid: HorizontalGrid) -> String {
    var words = "\(grid.height) rows × \(grid.width) columns, \(grid.kind.rawValue)"
    if let projection = grid.mapping?.projection { words += " (\(projection))" }
    guard let (x, y) = grid.spacingKilometres else { return words }
    return words
      + (abs(x - y) < 0.005 * max(x, y)
        ? String(format: ", cells of %.4g km", x)
        : String(format: ", cells of %.4g km along y, %.4g km along x", y, x))
  }

  private static func text(_ axis: HorizontalAxis) -> String {
    let ends = [axis.values.first, axis.values.last].compactMap(\.self)
      .map { String(format: "%.8g", $0) }
    return "\(axis.name) from \(ends.joined(separator: " to ")) \(axis.units)"
      + (axis.isRegular ? "" : ", uneven")
  }
}

// MARK: - For programs

extension GridFileReport: Encodable {
  private struct Variable: Encodable {
    let name, type, units, packing, use: String
    let dimensions: [String]
    let shape: [Int]
    let standardName, longName: String?

    init(_ variable: GridFileSummary.Variable) {
      name = variable.name
      type = variable.type
      units = variable.units
      packing = variable.packing
      use = variable.use
      dimensions = variable.dimensions
      shape = variable.shape
      standardName = variable.standardName
      longName = variable.longName
    }
  }

  private struct Grid: Encodable {
    let kind: String
    let rows, columns: Int
    let projection: String?
    /// Kilometres along x and along y.
    let spacingKm: [Double]?

    init(_ grid: HorizontalGrid) {
      kind = grid.kind.rawValue
      rows = grid.height
      columns = grid.width
      projection = grid.mapping?.projection
      spacingKm = grid.spacingKilometres.map { [$0.x, $0.y] }
    }
  }

  private struct Precipitation: Encodable {
    let variable: String
    let kind: String?
    let newest: RainValues?
  }

  enum CodingKeys: String, CodingKey {
    case kind, paths, format, title, variables, grid, times, precipitation
    case precipitationProblem, notes
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode("netcdf", forKey: .kind)
    try container.encode(summary.paths, forKey: .paths)
    try container.encode(summary.format, forKey: .format)
    try container.encode(summary.title, forKey: .title)
    try container.encode(summary.variables.map(Variable.init), forKey: .variables)
    try container.encode(summary.grid.map(Grid.init), forKey: .grid)
    try container.encode(summary.times.map(\.iso8601), forKey: .times)
    try container.encode(
      summary.precipitation.map {
        Precipitation(variable: $0, kind: summary.precipitationKind, newest: rain)
      }, forKey: .precipitation)
    try container.encode(summary.precipitationProblem, forKey: .precipitationProblem)
    try container.encode(summary.notes, forKey: .notes)
  }
}
