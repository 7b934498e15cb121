// Room: SquallCommand. `squall inspect`: what a file or a model package holds and what to do with it.

internal import ArgumentParser
internal import Foundation

struct InspectVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what a NetCDF file, an ONNX file or a model package holds.",
    discussion: """
      Example: what is in a radar frame, and what to do with it.

        squall inspect SampleData/frames/squall-line_20240718T1050Z.nc
      """)

  @Argument(help: "A NetCDF file, an ONNX file, or a folder with a model.yaml or a model.onnx.")
  var path: String

  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.apply()
    if try isNetCDF() {
      show(try GridFileReport(path: path)) { $0.text }
    } else {
      show(try NetworkReport(path: path)) { $0.text }
    }
  }

  private func show<Report: Encodable>(_ report: Report, _ text: (Report) -> String) {
    if common.json { JSONReport.print(report) } else { Console.print(text(report)) }
  }

  /// Whether the file begins as NetCDF does, or is at least called so.
  private func isNetCDF() throws(Failure) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      guard FileManager.default.fileExists(atPath: path) else {
        throw Failure(.inputMissing, "\(path): there is no such file or folder: check the path")
      }
      throw Failure(.inputOutput, "\(path): may not be read: check its permissions")
    }
    defer { try? handle.close() }
    let start = (try? handle.read(upToCount: 4)) ?? Data()
    let isNamedSo = ["nc", "nc4", "cdf", "h5", "hdf5"].contains(
      URL(filePath: path).pathExtension.lowercased())
    return start.starts(with: Data("CDF".utf8)) || start == Data([0x89, 0x48, 0x44, 0x46])
      || isNamedSo
  }
}
