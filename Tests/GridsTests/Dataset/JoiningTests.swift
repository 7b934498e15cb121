// Tests of Grids: files joined along every axis, and files that do not fit together.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

struct JoiningTests {
  let start = OceanFile.start
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func paths(_ files: [OceanFile]) throws -> [String] {
    try files.enumerated().map { try folder.write($1.bytes, "\($0).nc") }
  }

  private func check(_ files: [OceanFile], shape: [Int]) throws -> Field {
    let field = try GridDataset(paths: paths(files)).field("temp")
    #expect(field.shape == shape)
    #expect(try field.values() == field.expectedOcean(start: start))
    return field
  }

  @Test func alongTimeOutOfOrder() throws {
    let files = [[2, 5], [0, 1], [3, 4]].map { times in
      var ocean = OceanFile()
      ocean.times = times
      return ocean
    }
    let field = try check(files, shape: [2, 6, 3, 4, 5])
    #expect(field.notes.contains { $0.contains("sorted") })
    #expect(try field.layer(time: 5)[0] == OceanFile.value(1, 5, 5, -10, 0))
  }

  @Test func alongLevelsAndTimes() throws {
    var files: [OceanFile] = []
    for depths in [[50.0, 500], [5]] {
      for times in [[0.0, 1], [2]] {
        var ocean = OceanFile()
        (ocean.depths, ocean.times) = (depths, times)
        files.append(ocean)
      }
    }
    let field = try check(files, shape: [2, 3, 3, 4, 5])
    #expect(field.vertical?.values == [5, 50, 500])
    files.removeLast()
    let holed = try GridDataset(paths: paths(files)).field("temp")
    #expect(holed.notes.contains { $0.contains("lie in no file") })
    #expect(try holed.layer(time: 2, level: 0).allSatisfy(\.isNaN))
    #expect(try holed.layer(time: 2, level: 1).allSatisfy { !$0.isNaN })
  }

  @Test func alongMembers() throws {
    let files = [3.0, 1, 2].map { member in
      var ocean = OceanFile()
      ocean.members = [member]
      return ocean
    }
    let field = try check(files, shape: [3, 3, 3, 4, 5])
    #expect(field.others[0].values == .numbers([3, 1, 2]))
  }

  @Test func alongMembersThatAreScalars() throws {
    let paths = try [1, 2, 3].map { member in
      var ocean = OceanFile()
      ocean.members = nil
      ocean.shift = Float(1000 * member)
      var file = ocean.file
      file.addVariable(
        "realization", [], .ints([Int32(member)]),
        attributes: [("standard_name", .text("realization"))])
      return try folder.write(file.bytes, "member\(member).nc")
    }
    let field = try GridDataset(paths: paths).field("temp")
    #expect(field.shape == [3, 3, 3, 4, 5])
    #expect(field.others[0].kind == .member && field.scalars.isEmpty)
    let expected = field.expectedOcean(start: start)
    #expect(try zip(field.values(), expected).allSatisfy { abs($0 - $1) < 1e-3 })
    #expect(field.notes.contains { $0.contains("joined along 'realization'") })
  }

  @Test func tiles() throws {
    var files: [OceanFile] = []
    for latitudes in [[-10.0, 0], [10, 20]] {
      for longitudes in [[144.0, 216, 288], [0, 72]] {
        var ocean = OceanFile()
        (ocean.latitudes, ocean.longitudes) = (latitudes, longitudes)
        files.append(ocean)
      }
    }
    let field = try check(files, shape: [2, 3, 3, 4, 5])
    #expect(field.horizontal?.x.values == [0, 72, 144, 216, 288])
    files[3].longitudes = [10, 82]
    let error = #expect(throws: GridError.self) {
      try GridDataset(paths: paths(files)).field("temp")
    }
    #expect(error?.code == .mismatch && error?.message.contains("another grid") == true)
  }

  @Test func byVariable() throws {
    var salt = OceanFile()
    salt.name = "salt"
    let dataset = try GridDataset(paths: paths([OceanFile(), salt]))
    #expect(dataset.variables.filter { !$0.isSupport }.map(\.name) == ["temp", "salt"])
    for name in ["temp", "salt"] {
      let field = try dataset.field(name)
      #expect(try field.values() == field.expectedOcean(start: start))
    }
    #expect(try dataset.variable(called: "SALT").name == "salt")
  }

  @Test func unitsThatConvert() throws {
    var kelvin = OceanFile()
    (kelvin.times, kelvin.units, kelvin.shift) = ([3], "K", 273.15)
    let field = try GridDataset(paths: paths([OceanFile(), kelvin])).field("temp")
    #expect(field.units == "degC" && field.timeCount == 4)
    let expected = field.expectedOcean(start: start)
    #expect(try zip(field.values(), expected).allSatisfy { abs($0 - $1) < 1e-3 })
  }

  @Test func calendarsThatDiffer() throws {
    var other = OceanFile()
    other.times = [3]
    var file = other.file
    file = ClassicFile()
    file.addDimension("time", 1)
    file.addVariable(
      "time", ["time"], .doubles([3]),
      attributes: [("units", .text("days since 2016-07-10")), ("calendar", .text("360_day"))])
    file.addVariable("series", ["time"], .floats([1]))
    let first = try folder.write(file.bytes, "a.nc")
    var second = ClassicFile()
    second.addDimension("time", 1)
    second.addVariable(
      "time", ["time"], .doubles([4]), attributes: [("units", .text("days since 2016-07-10"))])
    second.addVariable("series", ["time"], .floats([1]))
    let paths = [first, try folder.write(second.bytes, "b.nc")]
    let error = #expect(throws: GridError.self) { try GridDataset(paths: paths).field("series") }
    #expect(error?.code == .mismatch && error?.message.contains("360_day") == true)
  }

  @Test func sameTimesTwice() throws {
    let error = #expect(throws: GridError.self) {
      try GridDataset(paths: paths([OceanFile(), OceanFile()])).field("temp")
    }
    #expect(error?.code == .duplicateTime)
  }

  @Test func manyFiles() throws {
    let files = (0..<300).map { day in
      var ocean = OceanFile()
      ocean.times = [Double(day)]
      return ocean
    }
    let field = try GridDataset(paths: paths(files)).field("temp")
    #expect(field.timeCount == 300)
    #expect(try field.layer(time: 299)[0] == OceanFile.value(1, 299, 5, -10, 0))
    #expect(
      try field.taking([299, 0, 150], along: .time).layer(time: 2)[0]
        == OceanFile.value(1, 150, 5, -10, 0))
  }
}
