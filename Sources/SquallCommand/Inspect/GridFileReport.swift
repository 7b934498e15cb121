// Room: SquallCommand. What `squall inspect` says of NetCDF files.

internal import Foundation
internal import Grids

/// NetCDF files, described for somebody who has never seen them.
struct GridFileReport {
  let summary: GridFileSummary
  /// The newest frame of the rain, where there is rain.
  let rain: RainValues?
  /// The first layer of each grid's main field, and its last level; nil where they were not read.
  let layers: [(top: LayerValues, last: LayerValues?)?]

  /// Reads the metadata of all files, and the values of a layer or two.
  init(paths: [String]) throws(GridError) {
    let dataset = try GridDataset(paths: paths)
    let summary = try GridFileSummary(dataset)
    self.summary = summary
    rain = summary.precipitation == nil ? nil : try RainValues(dataset)
    layers = summary.groups.prefix(Self.mostGroups).map { group in
      let isRain = summary.precipitation.map(group.variables.contains) ?? false
      guard !isRain, group.example.horizontal != nil else { return nil }
      return try? LayerValues.first(of: group.example)
    }
  }

  /// Grids described in text.
  static let mostGroups = 4
}

/// How much rain the newest frame has.
struct RainValues: Encodable {
  let minimum: Double?
  let maximum: Double?
  /// Of the cells that are seen, those with at least 0.1 mm/h.
  let wetFraction: Double?
  let missingFraction: Double

  init(_ dataset: GridDataset) throws(GridError) {
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
    addGroups(to: &page)
    if let name = summary.precipitation {
      page.add("rain", "'\(name)', \(summary.precipitationKind ?? "")")
    }
    if let rain { page.more(rain.text) }
    for note in summary.notes { page.add("note", note) }
    for problem in summary.problems { page.add("problem", problem) }
    for line in next { page.add("next", line) }
    return page.text
  }

  /// What is the same in several groups is said once.
  private func addGroups(to page: inout Page) {
    let onGrids = summary.groups.filter { $0.example.horizontal != nil }.count
    var said: Set<String> = []
    for (number, group) in summary.groups.prefix(Self.mostGroups).enumerated() {
      // Series and constants beside fields on grids are in the table.
      guard onGrids == 0 || group.example.horizontal != nil else { continue }
      if onGrids > 1 { page.add("fields", group.variables.joined(separator: ", ")) }
      var label = ""
      for fact in group.facts {
        if !fact.label.isEmpty { label = fact.label }
        guard said.insert("\(label) \(fact.text)").inserted else { continue }
        page.add(fact.label, fact.text)
      }
      if let (top, last) = layers[number] {
        page.add("values", Self.text(top, last, of: group.example))
      }
    }
    if onGrids > Self.mostGroups {
      page.more("and \(onGrids - Self.mostGroups) more grids: see --json")
    }
  }

  private static func text(_ top: LayerValues, _ last: LayerValues?, of field: Field) -> String {
    guard let low = top.minimum, let high = top.maximum else {
      return "'\(field.name)': the first layer is missing everywhere"
    }
    var text =
      "'\(field.name)': "
      + String(format: "%.5g to %.5g \(field.units.replacing("%", with: "%%"))", low, high)
      + String(format: ", %.0f %% missing", top.missingFraction * 100)
    if field.count > field.width * field.height { text += " in the first layer" }
    if let last { text += String(format: ", %.0f %% in the last", last.missingFraction * 100) }
    return text
  }

  private var next: [String] {
    let files = summary.paths.count == 1 ? summary.paths[0] : "FILES…"
    guard summary.precipitation != nil else {
      guard let field = summary.groups.first(where: { $0.example.horizontal != nil })?.example
      else { return ["no field on a grid: not for nowcasts and forecasts"] }
      return [
        "squall regrid \(files) -o OUT.nc --variable \(field.name) --onto global_1 takes it to a grid",
        "squall run NETWORK.onnx --input NAME=\(summary.paths[0]):\(field.name) feeds a network",
      ]
    }
    guard summary.times.count > 1 else {
      return ["one time is too few: squall nowcast with this file and those before it, -o OUT.nc"]
    }
    return ["squall nowcast \(files) -o OUT.nc"]
  }

  private static func row(_ variable: GridFileSummary.Variable) -> [String] {
    let lengths = zip(variable.dimensions, variable.shape).map { "\($0): \($1)" }
    return [
      variable.name, "(\(lengths.joined(separator: ", ")))", variable.type, variable.use,
      variable.units, variable.standardName ?? variable.longName ?? "",
    ]
  }
}
