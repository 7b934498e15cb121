// Room: SquallCommand. What `squall inspect` says of a model package.

internal import Forecasting
internal import Foundation
internal import Networks

/// A model package, described for somebody who wants to use it.
struct ModelReport: Encodable {
  /// The lowest and the highest value of something.
  struct Span: Encodable {
    let lowest: Double
    let highest: Double

    init(_ range: ClosedRange<Double>) {
      lowest = range.lowerBound
      highest = range.upperBound
    }

    func text(_ unit: String) -> String {
      "\(lowest.short)–\(highest.short) \(unit)"
    }
  }

  struct TrainedRange: Encodable {
    let rainfallRateMmPerHour: Span
    let spacingKm: Span
    let stepMinutes: Span
    let leadMinutes: Span
  }

  let kind = "model"
  let path: String
  let name: String
  let version: String
  let title: String
  let licence: String?
  let network: String
  let networkSha256: String
  /// Whether the manifest names a checksum, which then is the network's.
  let isChecksumChecked: Bool
  let input: String
  let output: String
  let spacingKm: Span
  let minimumFrames: Int
  let agesMinutes: [Double]
  let maximumGapMinutes: Double
  let leadsMinutes: [Double]
  let thresholdsMmPerHour: [Double]
  let trainedRange: TrainedRange
  let references: [String]
  let hasTests: Bool

  /// Reads the package and compiles its network, so that what is said of it is true.
  init(path: String) throws {
    let package = try ModelPackage(contentsOf: URL(filePath: path))
    let network = try package.compile()
    let manifest = package.manifest
    self.path = path
    name = manifest.name
    version = manifest.version
    title = manifest.title
    licence = manifest.licence
    self.network = manifest.networkFile
    networkSha256 = package.networkSHA256
    isChecksumChecked = manifest.networkSHA256 != nil
    input = network.inputs.map(\.description).joined(separator: "; ")
    output = network.outputs.map(\.description).joined(separator: "; ")
    spacingKm = Span(manifest.grid.spacingKilometres)
    minimumFrames = manifest.history.minimumFrames
    agesMinutes = manifest.history.agesMinutes
    maximumGapMinutes = manifest.history.maximumGapMinutes
    leadsMinutes = manifest.output.leadsMinutes
    thresholdsMmPerHour = manifest.output.thresholds
    trainedRange = TrainedRange(
      rainfallRateMmPerHour: Span(manifest.trainedRange.rainfallRate),
      spacingKm: Span(manifest.trainedRange.spacingKilometres),
      stepMinutes: Span(manifest.trainedRange.stepMinutes),
      leadMinutes: Span(manifest.trainedRange.leadMinutes))
    references = manifest.references
    hasTests = FileManager.default.fileExists(
      atPath: URL(filePath: path).appending(path: "tests/test_data_set_0").path)
  }

  /// The report for people.
  var text: String {
    var page = Page()
    page.add("model", "\(path), \(name) \(version)\(licence.map { ", \($0)" } ?? "")")
    page.add("does", title)
    page.add(
      "network",
      "\(network), SHA-256 \(networkSha256.prefix(12))…"
        + (isChecksumChecked ? " as the manifest says" : ", which the manifest does not name"))
    page.more("in  \(input)")
    page.more("out \(output)")
    page.add(
      "needs",
      "rain at \(list(agesMinutes)) min before the reference time, at least "
        + "\(minimumFrames) frames; gaps up to \(maximumGapMinutes.short) min are bridged")
    page.more("cells of \(spacingKm.text("km")); finer grids are coarsened")
    page.add("gives", "rain rate at any lead to \((leadsMinutes.max() ?? 0).short) min, and the")
    page.more("probability of at least \(list(thresholdsMmPerHour)) mm/h")
    page.add(
      "trained on",
      "rain of \(trainedRange.rainfallRateMmPerHour.text("mm/h")), cells of "
        + "\(trainedRange.spacingKm.text("km")), frames every "
        + "\(trainedRange.stepMinutes.text("min")), leads of "
        + "\(trainedRange.leadMinutes.text("min"))")
    for reference in references { page.add("after", reference) }
    page.add("next", "squall nowcast FRAMES… --model \(path) -o OUT.nc")
    if hasTests { page.add("next", "squall check \(path)") }
    return page.text
  }

  private func list(_ numbers: [Double]) -> String {
    numbers.map(\.short).joined(separator: ", ")
  }
}

extension Double {
  /// The number without a fraction that is zero.
  fileprivate var short: String { String(format: "%.6g", self) }
}
