// Tests of GridFiles: boxes with strides, and blocks that follow a file's chunks.

import Foundation
import GridFiles
import TestSupport
import Testing

struct BlockTests {
  /// 7 × 9 × 11 packed numbers, whose place tells their value, in chunks of 2 × 4 × 5.
  static func file(in folder: TemporaryFolder, chunked: Bool) throws -> NetCDFFile {
    let path = folder.path("box.nc")
    let writer = try NetCDFWriter(path: path)
    let dimensions = [
      try writer.addDimension("t", length: 7), try writer.addDimension("y", length: 9),
      try writer.addDimension("x", length: 11),
    ]
    let variable = try writer.addVariable(
      "v", .int16, dimensions,
      attributes: ["scale_factor": .float([0.5]), "_FillValue": .int16([100])],
      storage: NetCDFStorage(
        chunkShape: chunked ? [2, 4, 5] : [], deflateLevel: chunked ? 1 : 0, isShuffled: false))
    try writer.endDefinitions()
    try writer.write(
      .int16((0..<693).map { Int16($0) }), to: variable, start: [0, 0, 0], count: [7, 9, 11])
    try writer.commit()
    return try NetCDFFile(path: path)
  }

  /// What the box holds, computed from places.
  static func expected(_ box: NetCDFBox) -> [Float] {
    var values: [Float] = []
    for t in 0..<box.count[0] {
      for y in 0..<box.count[1] {
        for x in 0..<box.count[2] {
          let place =
            (box.start[0] + t * box.stride[0]) * 99 + (box.start[1] + y * box.stride[1]) * 11
            + box.start[2] + x * box.stride[2]
          values.append(place == 100 ? .nan : Float(place) / 2)
        }
      }
    }
    return values
  }

  static func randomBox(_ random: inout SeededGenerator) -> NetCDFBox {
    var box = NetCDFBox(all: [7, 9, 11])
    for axis in 0..<3 {
      let length = box.count[axis]
      box.start[axis] = Int.random(in: 0..<length, using: &random)
      box.stride[axis] = Int.random(in: 1...4, using: &random)
      let most = (length - box.start[axis] - 1) / box.stride[axis] + 1
      box.count[axis] = Int.random(in: 1...most, using: &random)
    }
    return box
  }

  @Test(arguments: [true, false])
  func boxesWithStrides(chunked: Bool) throws {
    let folder = try TemporaryFolder()
    let file = try Self.file(in: folder, chunked: chunked)
    let variable = try #require(file.variable("v"))
    var random = SeededGenerator(seed: 11)
    for _ in 0..<300 {
      let box = Self.randomBox(&random)
      let wanted = Self.expected(box)
      let found = try file.floats(of: variable, in: box)
      #expect(found.map(\.bitPattern) == wanted.map(\.bitPattern), "\(box)")
      guard case .int16(let stored) = try file.values(of: variable, in: box) else {
        Issue.record("not stored as int16")
        return
      }
      #expect(stored.count == wanted.count && stored.last.map { Float($0) / 2 } == wanted.last)
    }
  }

  @Test(arguments: [true, false])
  func blocksCoverTheBoxOnce(chunked: Bool) throws {
    let folder = try TemporaryFolder()
    let file = try Self.file(in: folder, chunked: chunked)
    let variable = try #require(file.variable("v"))
    var random = SeededGenerator(seed: 12)
    for round in 0..<200 {
      let box = round == 0 ? variable.box : Self.randomBox(&random)
      let bytes = [4, 160, 400, 2000, 1 << 20][round % 5]
      var sum = 0.0
      var count = 0
      for block in variable.blocks(in: box, within: bytes) {
        let values = try file.floats(of: variable, in: block)
        count += values.count
        sum += values.reduce(0) { $0 + ($1.isNaN ? 0 : Double($1)) }
        if chunked, box == variable.box {
          // Whole chunks only, so that each is unpacked once.
          for axis in 0..<3 { #expect(block.start[axis] % [2, 4, 5][axis] == 0) }
        }
      }
      let wanted = Self.expected(box)
      #expect(count == wanted.count)
      #expect(sum == wanted.reduce(0) { $0 + ($1.isNaN ? 0 : Double($1)) })
    }
  }

  @Test func readsIntoAnArray() throws {
    let folder = try TemporaryFolder()
    let file = try Self.file(in: folder, chunked: true)
    let variable = try #require(file.variable("v"))
    var values = [Float](repeating: -1, count: 12)
    let box = NetCDFBox(start: [6, 8, 1], count: [1, 1, 10])
    try file.read(variable, in: box, into: &values, at: 1)
    #expect(values == [-1] + Self.expected(box) + [-1])
    let error = #expect(throws: GridFileError.self) {
      try file.read(variable, in: box, into: &values, at: 3)
    }
    #expect(error?.code == .outOfBounds)
  }

  @Test func emptyAndImpossibleBoxes() throws {
    let folder = try TemporaryFolder()
    let file = try Self.file(in: folder, chunked: true)
    let variable = try #require(file.variable("v"))
    let empty = NetCDFBox(start: [7, 0, 0], count: [0, 9, 11])
    #expect(try file.floats(of: variable, in: empty).isEmpty)
    #expect(Array(variable.blocks(in: empty)).isEmpty)
    for box in [
      NetCDFBox(start: [0, 0, 0], count: [4, 1, 1], stride: [3, 1, 1]),
      NetCDFBox(start: [0, 0, 0], count: [1, 1, 1], stride: [0, 1, 1]),
      NetCDFBox(start: [0, 0, 0], count: [2, 1, 1], stride: [.max, 1, 1]),
      NetCDFBox(start: [0, 0, 0], count: [1, 1, 1], stride: [1, 1]),
    ] {
      let error = #expect(throws: GridFileError.self) { try file.floats(of: variable, in: box) }
      #expect(error?.code == .outOfBounds)
    }
  }

  @Test func textOfCharacters() throws {
    let folder = try TemporaryFolder()
    var file = ClassicFile()
    file.addDimension("station", 3)
    file.addDimension("letters", 4)
    file.addVariable("name", ["station", "letters"], .text("ab  c\0\0\0wxyz"))
    let opened = try NetCDFFile(path: try folder.write(file.bytes, "text.nc"))
    let name = try #require(opened.variable("name"))
    #expect(try opened.strings(of: name) == ["ab", "c", "wxyz"])
    #expect(try opened.strings(of: name, start: [1], count: [2]) == ["c", "wxyz"])
  }

  @Test func flags() throws {
    let plain = try #require(
      FlagMeanings(attributes: [
        "flag_values": .int8([0, 1, 2]), "flag_meanings": "clear cloudy rain",
      ]))
    #expect(plain.meanings(of: 2) == ["rain"] && plain.meanings(of: 9) == [])
    #expect(!plain.isBitField)
    let bits = try #require(
      FlagMeanings(attributes: [
        "flag_masks": .uint8([1, 6, 6]), "flag_values": .uint8([1, 2, 4]),
        "flag_meanings": "land low high",
      ]))
    #expect(bits.meanings(of: 5) == ["land", "high"] && bits.isBitField)
    let masks = try #require(
      FlagMeanings(attributes: ["flag_masks": .int32([1, 2]), "flag_meanings": "a b"]))
    #expect(masks.meanings(of: 3) == ["a", "b"])
    #expect(FlagMeanings(attributes: ["flag_meanings": "a b"]) == nil)
    let text = try #require(
      FlagMeanings(attributes: ["flag_values": "0b, 1b", "flag_meanings": "no yes"]))
    #expect(text.meanings(of: 1) == ["yes"])
  }
}
