// Room: SquallCommand. Runs one reference case in this process.

internal import Networks

/// Turns the Networks room's outcome into the command's report.
enum CaseRunner {
  static func run(
    _ description: CaseDescription, _ options: CompiledNetwork.Options
  ) -> CaseReport {
    var options = options
    options.passes = GraphPasses.named(description.passes) ?? options.passes
    let check = NetworkCheck(description.testCase, options: options)
    let status: CaseReport.Status =
      switch check.status {
      case .pass: .pass
      case .fail: .fail
      case .unsupported: .unsupported
      }
    return CaseReport(
      name: check.name, status: status, maxAbs: check.maxAbsoluteError,
      maxRel: check.maxRelativeError, seconds: check.seconds, detail: check.detail)
  }
}
