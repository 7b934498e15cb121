// Room: SquallCommand. The options that every verb takes.

internal import ArgumentParser
internal import Foundation
internal import Tensors

/// `--threads` and `--json`.
struct CommonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Use at most this many threads; else SQUALL_THREADS, else one for each core.",
      valueName: "n"))
  var threads: Int?

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is \(threads): give a number from 1 to 1024")
    }
  }

  /// Bounds the threads of this process. To be called before anything computes.
  func apply() throws(Failure) {
    if let threads {
      ThreadPool.configure(threads: threads)
    } else if let text = ProcessInfo.processInfo.environment["SQUALL_THREADS"], !text.isEmpty {
      guard let threads = Int(text), (1...1024).contains(threads) else {
        throw Failure(
          .wrongUsage,
          "SQUALL_THREADS is '\(text)': set it to a number from 1 to 1024, or unset it")
      }
    }
  }
}
