// Room: SquallCommand. `squall inspect`: what a file or a model package holds and what to do with it.

internal import ArgumentParser
internal import Foundation
internal import Grids

struct InspectVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what a NetCDF file, an ONNX file or a model package holds.",
    usage: "squall inspect PATH... [options]",
    discussion: """
      Example: what is in a radar frame, and what to do with it.

        squall inspect SampleData/frames/squall-line_20240718T1050Z.nc
      """)

  @Argument(
    help: "NetCDF files, or an ONNX file, or a folder with a model.yaml or a model.onnx.")
  var paths: [String]

  @Flag(
    help: ArgumentHelp(
      "Of an ONNX file: the graph before and after the passes, and the plan step by step."))
  var plan = false

  @Option(
    name: .customLong("dim"),
    help: ArgumentHelp(
      "With --plan, a length that the network leaves open. Once for each.", valueName: "name=n"))
  var lengths: [NamedLength] = []

  @OptionGroup var memory: MemoryOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.apply()
    let paths = try PathPatterns.expand(paths)
    let kinds = try paths.map(PathKind.init)
    if plan {
      guard case .network(let path)? = kinds.first, kinds.count == 1 else {
        throw Failure(.wrongUsage, "--plan is for one ONNX file")
      }
      return show(try PlanReport(path: path, lengths: lengths, memoryLimit: memory.bytes)) {
        $0.text
      }
    }
    if kinds.allSatisfy({ $0 == .netCDF }) {
      return show(try GridFileReport(paths: paths)) { $0.text }
    }
    guard let kind = kinds.first, kinds.count == 1 else {
      throw Failure(
        .wrongUsage, "only NetCDF files are described together: give one network or model")
    }
    switch kind {
    case .netCDF: break
    case .network(let path):
      show(try NetworkReport(path: path, memoryLimit: memory.bytes)) { $0.text }
    case .model(let path): show(try ModelReport(path: path)) { $0.text }
    }
  }

  private func show<Report: Encodable>(_ report: Report, _ text: (Report) -> String) {
    if common.json { JSONReport.print(report) } else { Console.print(text(report)) }
  }
}
