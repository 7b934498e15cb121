// Tests of GridFiles: HDF5 files whose structure is damaged are refused before HDF5 can stumble over them,
// in this very process.

import Foundation
import GridFiles
import TestSupport
import Testing

struct HDF5StructureTests {
  /// Many variables and attributes, so that links and attributes lie in heaps; texts; an unlimited axis.
  static func sample(in folder: TemporaryFolder) throws -> [UInt8] {
    let path = folder.path("many.nc")
    let writer = try NetCDFWriter(path: path)
    let time = try writer.addDimension("time", length: nil)
    let x = try writer.addDimension("x", length: 12)
    var attributes: NetCDFAttributes = ["units": "m"]
    for number in 0..<12 { attributes["note\(number)"] = .double([Double(number), 1]) }
    attributes["list"] = .strings(["a", "bc", "def"])
    var variables: [NetCDFWriter.Variable] = []
    for number in 0..<12 {
      variables.append(
        try writer.addVariable(
          "v\(number)", .float, [time, x], attributes: attributes,
          storage: NetCDFStorage(
            chunkShape: [1, 5], deflateLevel: number % 2, isShuffled: number % 3 == 0)))
    }
    let names = try writer.addVariable("names", .string, [x])
    try writer.endDefinitions()
    for variable in variables {
      try writer.write(
        .float((0..<24).map { Float($0) }), to: variable, start: [0, 0], count: [2, 12])
    }
    try writer.write(
      .strings((0..<12).map { "name \($0)" }), to: names, start: [0], count: [12])
    try writer.commit()
    return Array(try Data(contentsOf: URL(filePath: path)))
  }

  @Test func soundFilesPass() throws {
    let folder = try TemporaryFolder()
    _ = try Self.sample(in: folder)
    let file = try NetCDFFile(path: folder.path("many.nc"))
    #expect(file.variables.count == 13)
    let names = try #require(file.variable("names"))
    #expect(try file.strings(of: names).last == "name 11")
    #expect(file.variable("v3")?.attributes["list"] == .strings(["a", "bc", "def"]))
  }

  @Test(arguments: [UInt64](1...6))
  func survivesDamage(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let whole =
      seed % 2 == 0 ? try Self.sample(in: folder) : try BadInputTests.sample(in: folder)
    var random = SeededGenerator(seed: seed)
    var refused = 0
    for round in 0..<150 {
      var bytes = whole
      let start = Int.random(in: 0..<bytes.count, using: &random)
      let length = round % 4 == 0 ? Int.random(in: 1...2000, using: &random) : 1 + round % 4
      for place in start..<min(bytes.count, start + length) {
        bytes[place] = round % 3 == 0 ? 0 : .random(in: .min ... .max, using: &random)
      }
      let path = try folder.write(bytes, "damaged.nc")
      do throws(GridFileError) {
        let file = try NetCDFFile(path: path)
        for variable in file.variables where (variable.count ?? .max) < 1 << 20 {
          _ = try? file.values(of: variable)
        }
      } catch {
        refused += 1
        #expect(error.exitStatus == 65, "seed \(seed), round \(round): \(error)")
      }
    }
    #expect(refused > 10)
  }

  /// Every byte of the parts that describe, one after another.
  @Test func everyByteOfTheHeaderMatters() throws {
    let folder = try TemporaryFolder()
    let whole = try BadInputTests.sample(in: folder)
    for place in stride(from: 8, to: min(400, whole.count), by: 2) {
      for value: UInt8 in [0, 0xFF, whole[place] ^ 1] {
        var bytes = whole
        bytes[place] = value
        let path = try folder.write(bytes, "damaged.nc")
        guard let file = try? NetCDFFile(path: path) else { continue }
        for variable in file.variables where (variable.count ?? .max) < 1 << 20 {
          _ = try? file.values(of: variable)
        }
      }
    }
  }

  @Test func changesWhileReading() throws {
    let folder = try TemporaryFolder()
    let bytes = try BadInputTests.sample(in: folder)
    let path = try folder.write(bytes, "live.nc")
    let file = try NetCDFFile(path: path)
    let rain = try #require(file.variable("rain"))
    let sum = try file.floats(of: rain).reduce(0, +)
    // Another file of the same name does no harm: the old one is still open.
    let other = try folder.write(Array("other".utf8), "other.nc")
    #expect(rename(other, path) == 0)
    #expect(try file.floats(of: rain).reduce(0, +) == sum)

    let again = try folder.write(bytes, "again.nc")
    let second = try NetCDFFile(path: again)
    #expect(truncate(again, 600) == 0)
    let error = #expect(throws: GridFileError.self) {
      try second.floats(of: #require(second.variable("rain")))
    }
    #expect(error?.message.contains("changed while it was read") == true)
  }

  @Test(arguments: [
    "a b.nc", "a#mode=zarr,file.nc", "a?b.nc", "http:", "c:x.nc", "雨.nc", "a\\b.nc", "100%.nc",
    "-.nc", "quote'\".nc", "file:a.nc", String(repeating: "long", count: 60) + ".nc",
  ])
  func oddNames(name: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try BadInputTests.sample(in: folder)
    let path = folder.url.path(percentEncoded: false) + "/" + name
    try Data(bytes).write(to: URL(filePath: path, directoryHint: .notDirectory))
    #expect(try NetCDFFile(path: path).variables.count == 1)
    let classic = ClassicFormatTests.sample(version: 2).bytes
    try Data(classic).write(to: URL(filePath: path, directoryHint: .notDirectory))
    #expect(try NetCDFFile(path: path).variables.count == 5)
  }

  @Test(arguments: ["http://example.org/a.nc", "https://x/y#mode=bytes", "s3://bucket/key"])
  func addressesAreRefused(address: String) {
    let error = #expect(throws: GridFileError.self) { try NetCDFFile(path: address) }
    #expect(error?.code == .noInput && error?.message.contains("fetch it first") == true)
  }
}
