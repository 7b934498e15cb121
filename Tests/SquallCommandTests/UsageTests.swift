// Tests of SquallCommand: wrong usage, and the rules that hold for every verb.

import Foundation
import Testing

@Suite struct UsageTests {
  /// Arguments that make no sense, and what the one line on standard error says.
  static let mistakes: [(arguments: [String], says: String)] = [
    (["inspekt"], "Unexpected argument 'inspekt'; see 'squall --help'"),
    (["inspect"], "Missing expected argument '<paths> ...'; see 'squall inspect --help'"),
    (["inspect", "x", "--foo"], "Unknown option '--foo'"),
    (["inspect", "x", "--threads", "0"], "--threads is 0: give a number from 1 to 1024"),
    (["inspect", "x", "--threads", "many"], "The value 'many' is invalid for '--threads <n>'"),
    (["bench", "x", "--precision", "half"], "The value 'half' is invalid for '--precision"),
    (["inspect", "x", "--threads"], "Missing value for '--threads <n>'"),
  ]

  @Test(arguments: mistakes) func mistakesEndWith64AndOneLine(
    _ mistake: (arguments: [String], says: String)
  ) throws {
    let outcome = try Program.run(mistake.arguments)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.errors.hasPrefix("squall: \(mistake.says)"), "\(outcome.errors)")
  }

  @Test func aBadThreadCountInTheEnvironmentIsWrongUsage() throws {
    let outcome = try Program.run(["inspect", "x"], environment: ["SQUALL_THREADS": "two"])
    #expect(outcome.status == 64)
    #expect(
      outcome.errors
        == "squall: SQUALL_THREADS is 'two': set it to a number from 1 to 1024, or unset it\n")
  }

  @Test func failuresAreOneObjectWhereJSONIsAsked() throws {
    let outcome = try Program.run(["inspect", "no-such-file.onnx", "--json"])
    #expect(outcome.status == 66)
    let object = try #require(outcome.object)
    #expect(object["exit_code"] as? Int == 66)
    #expect((object["error"] as? String)?.contains("no-such-file.onnx") == true)
    #expect(outcome.errorLines.count == 1)
  }

  @Test func versionIsOneLine() throws {
    let outcome = try Program.run(["--version"])
    #expect(outcome.status == 0)
    #expect(outcome.output.wholeMatch(of: /squall [0-9]+\.[0-9]+\.[0-9]+\n/) != nil)
    #expect(outcome.errors.isEmpty)
  }

  @Test func aFullDiskUnderStandardOutputIsToldAndCounted() throws {
    let outcome = try Program.run(
      ["--help"], prefix: ["sh", "-c", "exec \"$0\" \"$@\" >/dev/full"])
    #expect(outcome.status == 74)
    #expect(outcome.errors == "squall: standard output: No space left on device\n")
  }
}
