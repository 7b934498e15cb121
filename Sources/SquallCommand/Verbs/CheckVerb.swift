// Room: SquallCommand. `squall check`: networks against their reference inputs and outputs.

internal import ArgumentParser
internal import Foundation
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

  @Flag(help: .hidden)
  var worker = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard worker || !paths.isEmpty else {
      throw ValidationError("Missing expected argument '<paths> ...'")
    }
    guard (1...86_400).contains(timeLimit) else {
      throw ValidationError("--time-limit is \(timeLimit): give seconds from 1 to 86400")
    }
  }

  func run() throws {
    try common.apply()
    if worker { CaseServer.serve() }
    let found = try CaseDescription.find(in: paths)
    let runner = try IsolatedRunner(threads: common.threads, timeLimit: .seconds(timeLimit))
    var reports: [CaseReport] = []
    for (index, description) in found.enumerated() {
      Progress.show("\(index + 1)/\(found.count) \(description.name)")
      let report = try runner.run(description)
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
}
