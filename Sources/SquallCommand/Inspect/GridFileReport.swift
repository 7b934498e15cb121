// Room: SquallCommand. What `squall inspect` says of a NetCDF file.

internal import Foundation
internal import GridFiles
internal import Grids

/// A NetCDF file, described for somebody who has never seen it.
struct GridFileReport: Encodable {
  struct Variable: Encodable {
    let name: String
    let dimensions: [String]
    let shape: [Int]
    let type: String
    let units: String
    let standardName: String?
    let longName: String?
    let isGridded: Bool
    let isPacked: Bool
  }

  struct Grid: Encodable {
    let kind: String
    let rows: Int
    let columns: Int
    let spacingKilometres: [Double]?
    let projection: String?
    let xRange: [Double]
    let yRange: [Double]
    let xUnits: String
    let yUnits: String
    let notes: [String]
  }

  struct Times: Encodable {
    let count: Int
    let first: String
    let last: String
    /// ISO 8601; nil for one time or uneven steps.
    let step: String?
  }

  /// The variable that `squall nowcast` would take.
  struct Rain: Encodable {
    let variable: String
    let measures: String
    let minimum: Double?
    let maximum: Double?
    let wetFraction: Double?
    let missingFraction: Double
    let notes: [String]
  }

  let kind = "netcdf"
  let path: String
  let format: String
  let attributes: [String: String]
  let variables: [Variable]
  /// Of the rain variable, else of the first variable on a grid.
  let grid: Grid?
  let times: Times?
  let rain: Rain?
  /// Why no variable is taken for rain.
  let noRain: String?

  init(path: String) throws {
    let file = try NetCDFFile(path: path)
    let dataset = try GridDataset(paths: [path])
    self.path = path
    format = file.format.rawValue
    attributes = Self.texts(
      dataset.attributes, ["title", "institution", "source", "Conventions", "licence", "license"])
    variables = dataset.variables.map { variable in
      Variable(
        name: variable.name, dimensions: variable.dimensions.map(\.name),
        shape: variable.dimensions.map(\.length), type: variable.type.cdlName,
        units: variable.units, standardName: variable.standardName, longName: variable.longName,
        isGridded: variable.isGridded, isPacked: variable.packing.isPacked)
    }
    var precipitation: PrecipitationVariable?
    do throws(GridError) {
      precipitation = try dataset.precipitationVariable()
      noRain = nil
    } catch {
      noRain = error.message
    }
    let shown = precipitation?.variable ?? dataset.variables.first { $0.isGridded }
    // A grid or times that cannot be read are no reason to say nothing of the rest.
    grid = shown.flatMap { try? dataset.grid(of: $0) }.map(Grid.init)
    times = shown.flatMap { try? dataset.times(of: $0) }.flatMap(Times.init)
    rain = try precipitation.map { try Rain($0, in: dataset) }
  }

  private static func texts(
    _ attributes: NetCDFAttributes, _ names: [String]
  ) -> [String: String] {
    var found: [String: String] = [:]
    for name in names { found[name] = attributes.text(name) }
    return found
  }
}

extension GridFileReport.Grid {
  init(_ grid: HorizontalGrid) {
    kind = grid.kind.rawValue
    rows = grid.height
    columns = grid.width
    spacingKilometres = grid.spacingKilometres.map { [$0.x, $0.y] }
    projection = grid.mapping?.projection
    xRange = [grid.x.values.first, grid.x.values.last].compactMap(\.self)
    yRange = [grid.y.values.first, grid.y.values.last].compactMap(\.self)
    xUnits = grid.x.units
    yUnits = grid.y.units
    notes = grid.notes
  }

  var text: String {
    var words = "\(rows) rows × \(columns) columns, \(kind)"
    if let projection { words += " (\(projection))" }
    if let spacing = spacingKilometres {
      let (x, y) = (spacing[0], spacing[1])
      let isSquare = abs(x - y) < 0.005 * max(x, y)
      words +=
        isSquare
        ? String(format: ", cells of %.4g km", x)
        : String(format: ", cells of %.4g × %.4g km", x, y)
    }
    return words
  }

  var range: String {
    guard xRange.count == 2, yRange.count == 2 else { return "" }
    return String(format: "x %.6g to %.6g ", xRange[0], xRange[1]) + xUnits
      + String(format: ", y %.6g to %.6g ", yRange[0], yRange[1]) + yUnits
  }
}

extension GridFileReport.Times {
  init?(_ times: [CFTime]) {
    guard let first = times.first, let last = times.last else { return nil }
    count = times.count
    self.first = first.iso8601
    self.last = last.iso8601
    let steps = zip(times, times.dropFirst()).map { $1.since($0) }
    step = steps.first.flatMap { one in steps.allSatisfy { $0 == one } ? one.iso8601 : nil }
  }

  var text: String {
    guard count > 1 else { return first }
    return "\(Page.count(count)) from \(first) to \(last), "
      + (step.map { "every \($0)" } ?? "unevenly spaced")
  }
}

extension GridFileReport.Rain {
  init(_ precipitation: PrecipitationVariable, in dataset: GridDataset) throws(GridError) {
    variable = precipitation.variable.name
    measures =
      switch precipitation.quantity {
      case .rate: "rate in \(precipitation.variable.units)"
      case .amount:
        "amount in \(precipitation.variable.units)"
          + (precipitation.periods.last.map { " over \($0.iso8601)" } ?? "")
      case .reflectivity: "reflectivity in dBZ"
      }
    notes = precipitation.notes
    let newest = try dataset.times(of: precipitation.variable).count - 1
    let field = try dataset.rainRate(precipitation, at: newest)
    let seen = field.values.filter(\.isFinite)
    minimum = seen.min().map(Double.init)
    maximum = seen.max().map(Double.init)
    wetFraction =
      seen.isEmpty ? nil : Double(seen.count { $0 >= 0.1 }) / Double(seen.count)
    missingFraction =
      field.values.isEmpty ? 0 : 1 - Double(seen.count) / Double(field.values.count)
  }
}

extension GridFileReport {
  /// The report for people.
  var text: String {
    var page = Page()
    page.add("file", "\(path), \(format)")
    for name in ["title", "institution", "source", "Conventions", "licence", "license"] {
      if let text = attributes[name] { page.add(name.lowercased(), String(text.prefix(200))) }
    }
    page.table("variables", variables.map(\.row))
    if let grid {
      page.add("grid", grid.text)
      if !grid.range.isEmpty { page.more(grid.range) }
    }
    if let times { page.add("times", times.text) }
    if let rain {
      page.add("rain", "'\(rain.variable)', \(rain.measures)")
      page.more(rain.summary)
    }
    for note in rain?.notes ?? grid?.notes ?? [] { page.add("note", note) }
    for line in next { page.add("next", line) }
    return page.text
  }

  private var next: [String] {
    guard let rain else {
      return [
        "not for nowcasts: \(noRain ?? "no rain here")",
        "a network of your own can read a variable: "
          + "squall run NETWORK.onnx --input NAME=\(path):VARIABLE",
      ]
    }
    guard times?.count ?? 1 > 1 else {
      return [
        "one time is too few: give this file with those before it, "
          + "squall nowcast FRAMES… -o nowcast.nc"
      ]
    }
    return ["squall nowcast \(path) --variable \(rain.variable) -o nowcast.nc"]
  }
}

extension GridFileReport.Rain {
  fileprivate var summary: String {
    guard let minimum, let maximum, let wetFraction else {
      return "the newest frame is missing everywhere"
    }
    return String(
      format: "newest frame: %.3g to %.4g mm/h, %.0f %% wet, %.0f %% missing", minimum, maximum,
      wetFraction * 100, missingFraction * 100)
  }
}

extension GridFileReport.Variable {
  fileprivate var row: [String] {
    let lengths = zip(dimensions, shape).map { "\($0): \($1)" }.joined(separator: ", ")
    let what = standardName ?? longName ?? ""
    return [
      name, "(\(lengths))", type + (isPacked ? ", packed" : ""), units, what,
    ]
  }
}
