// Tests of GridFiles: files that are missing, of another kind, cut off or damaged.

import Foundation
import GridFiles
import TestSupport
import Testing

struct BadInputTests {
  /// A small NetCDF-4 file with compressed values and attributes.
  static func sample(in folder: TemporaryFolder) throws -> [UInt8] {
    let path = folder.path("sample.nc")
    let writer = try NetCDFWriter(path: path)
    let y = try writer.addDimension("y", length: 40)
    let x = try writer.addDimension("x", length: 50)
    let rain = try writer.addVariable(
      "rain", .float, [y, x], attributes: ["units": "mm h-1"],
      storage: NetCDFStorage(chunkShape: [20, 25], deflateLevel: 1, isShuffled: true))
    try writer.endDefinitions()
    try writer.write(
      .float((0..<2000).map { Float($0 % 37) }), to: rain, start: [0, 0], count: [40, 50])
    try writer.commit()
    return Array(try Data(contentsOf: URL(filePath: path)))
  }

  @Test func everyTruncationOfNetCDF4IsRefused() throws {
    let folder = try TemporaryFolder()
    let whole = try Self.sample(in: folder)
    // Every length near the header and the end, and a spread of those between.
    let lengths =
      Array(0..<200) + Array(stride(from: 200, to: whole.count, by: 97))
      + Array(whole.count - 40..<whole.count)
    for length in lengths {
      let path = try folder.write(whole.prefix(length), "cut.nc")
      let error = #expect(throws: GridFileError.self, "cut at \(length) of \(whole.count)") {
        try NetCDFFile(path: path)
      }
      let expected: GridFileError.Code = (1..<8).contains(length) ? .notNetCDF : .truncated
      #expect(error?.code == expected, "cut at \(length): \(error.map(\.description) ?? "")")
      #expect(error?.message.contains("again") == true || length < 8)
    }
  }

  @Test(.enabled(if: SharedFolder.exists("data/radar")))
  func everyTruncationOfARealFileIsRefused() throws {
    let folder = try TemporaryFolder()
    for name in ["raw/brisbane-2020-10-31/66_20201031_041000.prcp-c10.nc", "mch-2015-05-15.nc"] {
      let url = SharedFolder.url.appending(path: "data/radar/\(name)")
      let whole = Array(try Data(contentsOf: url))
      for share in [0.001, 0.01, 0.1, 0.5, 0.9, 0.999] {
        let path = try folder.write(whole.prefix(Int(Double(whole.count) * share)), "cut.nc")
        let error = #expect(throws: GridFileError.self) { try NetCDFFile(path: path) }
        #expect(error?.code == .truncated)
      }
    }
  }

  @Test(arguments: [
    ("GRIB\0\0\0\u{2}and so on", "GRIB"), ("<html>404</html>", "web page"),
    ("\u{1F}", "not a NetCDF file"), ("lead,rain\n0,1\n", "not a NetCDF file"),
    ("CDF", "not a NetCDF file"), ("CDF\u{9}aaaa", "not a NetCDF file"), ("PK\u{3}\u{4}", "zip"),
  ])
  func otherKindsOfFile(content: String, complaint: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array(content.utf8), "other.nc")
    let error = #expect(throws: GridFileError.self) { try NetCDFFile(path: path) }
    #expect(error?.code == .notNetCDF && error?.code.exitStatus == 65)
    #expect(error?.message.contains(complaint) == true)
    #expect(error?.description.hasPrefix(path) == true)
    #expect(error?.description.contains("\n") == false)
  }

  @Test func filesThatAreNotThere() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("pipe.nc")
    #expect(mkfifo(path, 0o600) == 0)
    for missing in [folder.path("missing.nc"), folder.url.path, path, "", "http://x.invalid/a.nc"] {
      let error = #expect(throws: GridFileError.self) { try NetCDFFile(path: missing) }
      #expect(error?.code == .noInput && error?.code.exitStatus == 66, "\(missing)")
    }
  }

  @Test func headersThatLie() throws {
    let folder = try TemporaryFolder()
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    let rest = [UInt8](repeating: 0xFF, count: 600)
    for version: UInt8 in 0...4 {
      let sizes: [UInt8] = version < 2 ? [0, 0, 0, 0, 8, 8, 0] : [8, 8, 0]
      let path = try folder.write(signature + [version] + sizes + rest, "lie.nc")
      let error = #expect(throws: GridFileError.self) { try NetCDFFile(path: path) }
      #expect(error?.code.exitStatus == 65)
    }
    let header: [[UInt8]] = [
      // A list of four thousand million dimensions; a name longer than the file.
      [0, 0, 0, 0, 0, 0, 0, 10, 255, 255, 255, 255],
      [0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 1, 127, 255, 255, 255],
    ]
    for bytes in header {
      let path = try folder.write(Array("CDF".utf8) + [1] + bytes + rest, "lie.nc")
      let error = #expect(throws: GridFileError.self) { try NetCDFFile(path: path) }
      #expect(error?.code.exitStatus == 65)
    }
  }

  @Test func severalTasksReadAtOnce() async throws {
    let folder = try TemporaryFolder()
    _ = try Self.sample(in: folder)
    let path = folder.path("sample.nc")
    let sums = try await withThrowingTaskGroup(of: Float.self) { group in
      for _ in 0..<16 {
        group.addTask {
          let file = try NetCDFFile(path: path)
          let rain = try #require(file.variable("rain"))
          return try file.floats(of: rain).reduce(0, +)
        }
      }
      return try await group.reduce(into: [Float]()) { $0.append($1) }
    }
    #expect(Set(sums).count == 1 && sums.count == 16)
  }
}
