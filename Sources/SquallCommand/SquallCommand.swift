// Room: SquallCommand. The `squall` executable: which verbs there are, and how a run ends.

internal import ArgumentParser
internal import Forecasting
internal import Foundation
internal import GridFiles
internal import Grids

/// The root of the command line: `squall VERB …`.
@main
struct SquallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "squall",
    abstract: "Run trained ocean and weather networks on NetCDF grids.",
    discussion: """
      Example: twelve radar frames in, a nowcast of the next 90 minutes out.

        squall nowcast SampleData/frames/*.nc -o nowcast.nc

      Exit codes: 0 done, 1 the run failed, 2 the check found a difference, 64 wrong usage, \
      65 bad input data, 66 input missing, 70 a bug here, 73 output cannot be created, \
      74 read/write failed, 75 not now, try again.
      """,
    version: "squall \(SquallRelease.version)",
    subcommands: [
      NowcastVerb.self, RegridVerb.self, InspectVerb.self, RunVerb.self, CheckVerb.self,
      BenchVerb.self, PackVerb.self,
    ])

  /// Parses, runs the verb, and ends the process with the exit code that the outcome asks for.
  static func main() async {
    Interruption.prepare()
    DamagedFileGuard.install(prefix: "squall: ")
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      var command = try parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      Console.finish(.done)
    } catch {
      end(after: error, arguments: arguments)
    }
  }

  /// Says what went wrong, once for a person and, where asked, once for a program.
  private static func end(after error: any Error, arguments: [String]) -> Never {
    if let status = error as? ExitStatus { Console.finish(status) }
    let code = exitCode(for: error)
    if error is CleanExit || code == .success {
      Console.print(fullMessage(for: error).trimmingCharacters(in: .newlines))
      Console.finish(.done)
    }
    let failure =
      code == .validationFailure && !(error is Failure)
      ? Failure(.wrongUsage, usageMessage(for: error, arguments: arguments))
      : Failure(explaining: error)
    Console.error(failure.message)
    if arguments.contains("--json") { JSONReport.print(FailureReport(failure)) }
    Console.finish(failure.status)
  }

  /// ArgumentParser's message on one line, with where to read more.
  private static func usageMessage(for error: any Error, arguments: [String]) -> String {
    let verbs = configuration.subcommands.map { $0._commandName }
    let verb = arguments.first.flatMap { verbs.contains($0) ? " \($0)" : nil } ?? ""
    return "\(message(for: error)); see 'squall\(verb) --help'"
  }
}

/// What `--json` prints when the run fails.
private struct FailureReport: Encodable {
  let error: String
  let exitCode: Int32

  init(_ failure: Failure) {
    error = failure.message
    exitCode = failure.status.rawValue
  }
}
