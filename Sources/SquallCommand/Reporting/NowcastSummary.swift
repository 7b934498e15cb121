// Room: SquallCommand. What `squall nowcast` says when it is done.

internal import Forecasting
internal import Foundation
internal import Grids
internal import Nowcasting

/// What was written, from what, and how long each stage took.
struct NowcastSummary: Encodable {
  struct Stage: Encodable {
    let name: String
    let seconds: Double
  }

  struct Model: Encodable {
    let name: String
    let version: String
    let folder: String
    let networkSha256: String
  }

  struct Grid: Encodable {
    let rows: Int
    let columns: Int
  }

  let output: String
  let outputBytes: Int
  let referenceTime: String
  let leadTimes: [String]
  let inputTimes: [String]
  let missingTimes: [String]
  let grid: Grid
  let model: Model
  let meanSpeedKmPerHour: Double
  /// For each lead time; null where all is missing.
  let maximumRatesMmPerHour: [Double?]
  let notes: [String]
  let stages: [Stage]
  let totalSeconds: Double

  init(
    _ report: NowcastReport, output: String, model: ModelPackage,
    before: [(name: String, seconds: Double)], total: Double
  ) {
    self.output = output
    let attributes = try? FileManager.default.attributesOfItem(atPath: output)
    outputBytes = attributes?[.size] as? Int ?? 0
    referenceTime = report.referenceTime.iso8601
    leadTimes = report.leadTimes.map(\.iso8601)
    inputTimes = report.inputTimes.map(\.iso8601)
    missingTimes = report.missingTimes.map(\.iso8601)
    grid = Grid(rows: report.gridSize.height, columns: report.gridSize.width)
    self.model = Model(
      name: model.manifest.name, version: model.manifest.version,
      folder: model.folder.relativePath, networkSha256: model.networkSHA256)
    meanSpeedKmPerHour = report.meanSpeed
    maximumRatesMmPerHour = report.maximumRates.map { $0.isFinite ? Double($0) : nil }
    notes = report.notes
    stages =
      before.map { Stage(name: $0.name, seconds: $0.seconds) }
      + report.stages.map { Stage(name: $0.name, seconds: $0.seconds) }
    totalSeconds = total
  }

  var text: String {
    var page = Page()
    page.add("wrote", "\(output), \(Page.bytes(outputBytes))")
    page.add(
      "fields",
      "\(leadTimes.count) lead times to \(leadTimes.last ?? ""), "
        + "\(grid.rows) × \(grid.columns) cells")
    page.add("from", "\(referenceTime), \(inputTimes.count) frames since \(inputTimes.first ?? "")")
    page.add("model", "\(model.name) \(model.version)")
    page.add("motion", String(format: "%.0f km/h on average", meanSpeedKmPerHour))
    let rates = maximumRatesMmPerHour.map { $0.map { String(format: "%.3g", $0) } ?? "–" }
    page.add("heaviest", rates.joined(separator: ", ") + " mm/h by lead time")
    for note in notes { page.add("note", note) }
    let times = stages.map { "\($0.name) \(String(format: "%.2f", $0.seconds))" }
    page.add(
      "seconds", times.joined(separator: ", ") + String(format: "; %.2f in all", totalSeconds))
    return page.text
  }
}
