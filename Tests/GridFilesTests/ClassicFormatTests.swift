// Tests of GridFiles: NetCDF-3 files, whole, cut off and damaged.

import GridFiles
import TestSupport
import Testing

struct ClassicFormatTests {
  /// Fixed and record variables, attributes of every type, an odd length that needs padding.
  static func sample(version: Int) -> ClassicFile {
    var file = ClassicFile(version: version)
    file.addDimension("time", 0)
    file.addDimension("y", 3)
    file.addDimension("x", 5)
    file.addAttribute("title", .text("A small file"))
    file.addAttribute("version", .ints([7]))
    file.addVariable("y", ["y"], .doubles([10, 20, 30]), attributes: [("units", .text("km"))])
    file.addVariable("code", ["x"], .bytes([-1, 0, 1, 2, 127]))
    file.addVariable("name", ["x"], .text("abcde"))
    file.addVariable("time", ["time"], .ints([0, 600]), attributes: [("units", .text("s"))])
    file.addVariable(
      "rain", ["time", "y", "x"], .shorts((0..<30).map { Int16($0) - 1 }),
      attributes: [
        ("scale_factor", .floats([0.5])), ("_FillValue", .shorts([-1])),
        ("valid_range", .shorts([0, 27])),
      ])
    return file
  }

  @Test(arguments: [1, 2, 5])
  func readsEverything(version: Int) throws {
    let folder = try TemporaryFolder()
    let file = try NetCDFFile(path: try folder.write(Self.sample(version: version).bytes, "a.nc"))
    #expect(file.format == [1: .classic, 2: .offset64, 5: .data64][version])
    #expect(file.attributes.text("title") == "A small file")
    #expect(file.attributes["version"] == .int32([7]))
    #expect(file.dimension("time") == NetCDFDimension(name: "time", length: 2, isUnlimited: true))
    #expect(file.variables.map(\.name) == ["y", "code", "name", "time", "rain"])

    let code = try #require(file.variable("code"))
    #expect(try file.values(of: code) == .int8([-1, 0, 1, 2, 127]))
    let name = try #require(file.variable("name"))
    #expect(try file.values(of: name) == .text("abcde"))
    #expect(throws: GridFileError.self) { try file.floats(of: name) }

    let rain = try #require(file.variable("rain"))
    #expect(rain.shape == [2, 3, 5] && rain.type == .int16)
    let values = try file.floats(of: rain)
    #expect(values[0].isNaN && values[1] == 0 && values[2] == 0.5 && values[28] == 13.5)
    #expect(values[29].isNaN, "28 is beyond the valid range")
    let box = try file.values(of: rain, start: [1, 1, 2], count: [1, 2, 2])
    #expect(box == .int16([21, 22, 26, 27]))
  }

  @Test func refusesBoxesOutside() throws {
    let folder = try TemporaryFolder()
    let file = try NetCDFFile(path: try folder.write(Self.sample(version: 1).bytes, "a.nc"))
    let rain = try #require(file.variable("rain"))
    let boxes: [(start: [Int], count: [Int])] = [
      ([2, 0, 0], [1, 3, 5]), ([0, 0, 0], [1, 4, 5]), ([0, -1, 0], [1, 1, 1]),
      ([0, 0, 0], [.max, .max, .max]), ([0, 0], [1, 1]), ([0, 0, 6], [1, 1, 0]),
      ([.max, 0, 0], [1, 1, 1]), ([0, 0, 0], [-1, 1, 1]),
    ]
    for box in boxes {
      let error = #expect(throws: GridFileError.self) {
        try file.values(of: rain, start: box.start, count: box.count)
      }
      #expect(error?.code == .outOfBounds)
    }
    #expect(try file.values(of: rain, start: [0, 0, 5], count: [1, 1, 0]) == .int16([]))
  }

  @Test(arguments: [1, 2, 5])
  func refusesEveryTruncation(version: Int) throws {
    let folder = try TemporaryFolder()
    let whole = Self.sample(version: version).bytes
    // The last two bytes are padding, without which the file is complete.
    for length in stride(from: 0, to: whole.count - 2, by: version == 1 ? 1 : 3) {
      let path = try folder.write(whole.prefix(length), "cut.nc")
      let error = #expect(throws: GridFileError.self) { try NetCDFFile(path: path) }
      #expect(error?.exitStatus == 65, "cut at \(length) of \(whole.count)")
      if length >= 4 { #expect(error?.code == .truncated, "cut at \(length) of \(whole.count)") }
    }
  }

  @Test(arguments: [UInt64](1...8))
  func survivesDamage(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: seed)
    let whole = Self.sample(version: [1, 2, 5][Int(seed % 3)]).bytes
    for _ in 0..<200 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        bytes[Int.random(in: 4..<bytes.count, using: &random)] = .random(
          in: .min ... .max, using: &random)
      }
      let path = try folder.write(bytes, "damaged.nc")
      do throws(GridFileError) {
        let file = try NetCDFFile(path: path)
        for variable in file.variables { _ = try? file.floats(of: variable) }
      } catch {
        #expect(error.exitStatus == 65, "seed \(seed): \(error)")
      }
    }
  }
}

extension GridFileError {
  var exitStatus: Int32 { code.exitStatus }
}
