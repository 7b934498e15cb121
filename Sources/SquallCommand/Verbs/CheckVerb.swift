// Room: SquallCommand. `squall check`: networks against their reference inputs and outputs.

internal import ArgumentParser
internal import Foundation
internal import Networks
internal import ONNXFormat

struct CheckVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Compare networks with their reference test vectors.",
    usage: "squall check PATH... [options]",
    discussion: """
      Example: the bundled convective network.

        squall check Models/convective-rain

      A case is a folder with model.onnx and test_data_set_*/input_K.pb, output_K.pb (ONNX's \
      backend-test layout), or a model package; other folders are searched for cases. A \
      tolerance.json with rtol and atol may stand beside them, else 1e-3 and 1e-7. One line a case: \
      pass, FAIL with why, or unsupported with which operator. Exit code 0 if all pass, else 2.
      """)

  @Argument(help: "Cases, folders of cases, or model packages.")
  var paths: [String] = []

  @Option(
    help: ArgumentHelp("Give up on a case after this many seconds.", valueName: "seconds"))
  var timeLimit = 60

  @Option(
    help: ArgumentHelp(
      "Compile with no pass over the graph (none), with all, with each alone in turn, or with "
        + "one by its name: to find a pass that changes results.", valueName: "passes"))
  var passes = GraphPasses.all

  @Flag(help: .hidden)
  var worker = false

  @OptionGroup var compilation: NetworkOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard worker || !paths.isEmpty else {
      throw ValidationError("Missing expected argument '<paths> ...'")
    }
    guard passes == Self.each || GraphPasses.named(passes) != nil else {
      let names = GraphPasses.standard.map(\.name).joined(separator: ", ")
      throw ValidationError("--passes is '\(passes)': give none, each, all, or one of \(names)")
    }
    guard (1...86_400).contains(timeLimit) else {
      throw ValidationError("--time-limit is \(timeLimit): give seconds from 1 to 86400")
    }
  }

  func run() throws {
    try common.apply()
    if worker { CaseServer.serve(compilation.options) }
    let found = try CaseDescription.find(in: paths)
    let runner = try IsolatedRunner(
      threads: common.threads, compilation: compilation, timeLimit: .seconds(timeLimit))
    var reports: [CaseReport] = []
    for (index, description) in found.enumerated() {
      Progress.show("\(index + 1)/\(found.count) \(description.name)")
      let report = try report(on: description, runner)
      reports.append(report)
      if !common.json {
        Progress.clear()
        Console.print(report.line)
      }
    }
    let all = CheckReport(cases: reports)
    if common.json { JSONReport.print(all) } else { Console.print(all.line) }
    if all.count(.pass) < reports.count { throw ExitStatus.differenceFound }
  }

  private static let each = "each"

  /// One report for all the runs of a case: the first that is no pass, else the one farthest off.
  private func report(
    on description: CaseDescription, _ runner: IsolatedRunner
  ) throws -> CaseReport {
    var description = description
    guard passes == Self.each else {
      description.passes = passes
      return try runner.run(description)
    }
    description.passes = GraphPasses.none
    var worst = try runner.run(description)
    guard worst.status == .pass else { return worst }
    for pass in GraphPasses.standard {
      description.passes = pass.name
      let report = try runner.run(description)
      guard report.status == .pass else { return report.named("with \(pass.name) alone") }
      if (report.maxAbs ?? 0) > (worst.maxAbs ?? 0) { worst = report }
    }
    return worst
  }
}
