// Tests of Forecasting. Model packages that are whole, or wrong in one chosen way.

import Foundation
import TestSupport

/// A temporary copy of the bundled model package, removed with the last reference to it.
final class PackageFolder {
  static let bundled = SharedFolder.checkout.appending(path: "Models/convective-rain")

  let url: URL
  private(set) var manifest: String

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "squall-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    manifest = try String(
      contentsOf: Self.bundled.appending(path: "model.yaml"), encoding: .utf8)
    try FileManager.default.copyItem(
      at: Self.bundled.appending(path: "network.onnx"), to: url.appending(path: "network.onnx"))
    try write(manifest)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Replaces the manifest.
  func write(_ text: String) throws {
    manifest = text
    try Data(text.utf8).write(to: url.appending(path: "model.yaml"))
  }

  /// Replaces the first line that begins with `start`, after blanks, by `line` with its indentation.
  func replace(_ start: String, by line: String) throws {
    var lines = manifest.components(separatedBy: "\n")
    let index = lines.firstIndex {
      $0.drop { $0 == " " || $0 == "-" }.hasPrefix(start)
    }
    guard let index else { throw CocoaError(.coderValueNotFound) }
    let indentation = lines[index].prefix { $0 == " " || $0 == "-" }
    lines[index] = indentation + line
    try write(lines.joined(separator: "\n"))
  }
}
