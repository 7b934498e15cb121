// Tests of SquallCommand: runs the built `squall` as a user would and keeps all it says.

import Foundation
import TestSupport

/// What one run of the program left.
struct Outcome: Sendable {
  let status: Int32
  let output: String
  let errors: String

  /// Standard output read as one JSON object; nil where it is anything else.
  var object: [String: Any]? {
    (try? JSONSerialization.jsonObject(with: Data(output.utf8))) as? [String: Any]
  }

  /// The lines of standard error.
  var errorLines: [String] { errors.split(whereSeparator: \.isNewline).map(String.init) }
}

/// The built executable.
enum Program {
  /// `squall` beside the test bundle, which is itself an executable on Linux.
  static let url: URL = {
    let bundle =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let candidates = [URL(filePath: bundle), URL(filePath: CommandLine.arguments[0])]
    for candidate in candidates {
      let program = candidate.deletingLastPathComponent().appending(path: "squall")
      if FileManager.default.isExecutableFile(atPath: program.path) { return program }
    }
    return SharedFolder.checkout.appending(path: ".build/release/squall")
  }()

  /// Runs the program to its end. `folder` is its working directory; variables given as nil are
  /// taken out of the environment.
  static func run(
    _ arguments: [String], in folder: URL? = nil, environment changes: [String: String?] = [:],
    prefix: [String] = []
  ) throws -> Outcome {
    let process = Process()
    let command = prefix + [url.path] + arguments
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = folder ?? SharedFolder.checkout
    var environment = ProcessInfo.processInfo.environment
    for (name, value) in changes { environment[name] = value }
    process.environment = environment

    let scratch = try ScratchFolder()
    let output = scratch.url.appending(path: "output")
    let errors = scratch.url.appending(path: "errors")
    for file in [output, errors] {
      _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationReason == .exit
        ? process.terminationStatus : 128 + process.terminationStatus,
      output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
  }
}

/// A folder of the test's own, removed with it.
final class ScratchFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "squall-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// The path of `name` in the folder.
  func path(_ name: String) -> String { url.appending(path: name).path }

  /// The names of all that is in the folder.
  var contents: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
  }
}
