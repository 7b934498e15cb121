// Tests of Grids: fields read by layer, box and block, whatever the order of dimensions in the file.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

struct FieldTests {
  let start = OceanFile.start

  @Test(arguments: 0..<24)
  func anyOrderOfDimensions(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let folder = try TemporaryFolder()
    var ocean = OceanFile()
    ocean.order.shuffle(using: &random)
    let field = try GridDataset(paths: [try folder.write(ocean.bytes, "a.nc")]).field("temp")
    #expect(field.shape == [2, 3, 3, 4, 5])
    #expect(field.others.map(\.kind) == [.member])
    #expect(field.vertical?.kind == .depth && field.vertical?.positive == .down)
    let all = try field.values()
    #expect(all == field.expectedOcean(start: start), "order \(ocean.order)")
    for _ in 0..<8 {
      let ranges = field.shape.map { length -> Range<Int> in
        let first = Int.random(in: 0..<length, using: &random)
        return first..<Int.random(in: first + 1...length, using: &random)
      }
      let expected = pick(all, field.shape, ranges.map(Array.init))
      #expect(try field.values(in: FieldBox(ranges)) == expected, "\(ocean.order) \(ranges)")
    }
  }

  @Test(arguments: 0..<16)
  func anyIndicesAlongAnyAxis(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed) &+ 100)
    let folder = try TemporaryFolder()
    var ocean = OceanFile()
    ocean.order.shuffle(using: &random)
    ocean.longitudes = (0..<20).map { Double($0) * 18 }
    var field = try GridDataset(paths: [try folder.write(ocean.bytes, "a.nc")]).field("temp")
    let all = try field.values()
    let shape = field.shape
    var chosen: [[Int]] = []
    let axes: [Field.Axis] = [.other(0), .time, .level, .y, .x]
    for (axis, length) in zip(axes, shape) {
      var indices = Array(0..<length)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: indices.reverse()
      case 1: indices.shuffle(using: &random)
      case 2: indices = indices.filter { $0 % 3 == 0 }
      default: indices = Array(indices[(length / 2)...] + indices[..<(length / 2)])
      }
      field = try field.taking(indices, along: axis)
      chosen.append(indices)
    }
    #expect(try field.values() == pick(all, shape, chosen))
    #expect(field.expectedOcean(start: start) == pick(all, shape, chosen))
  }

  private func pick(_ values: [Float], _ shape: [Int], _ chosen: [[Int]]) -> [Float] {
    var result: [Float] = []
    func walk(_ axis: Int, _ place: Int) {
      if axis == shape.count {
        result.append(values[place])
        return
      }
      for index in chosen[axis] { walk(axis + 1, place * shape[axis] + index) }
    }
    walk(0, 0)
    return result
  }

  @Test(arguments: [4, 40, 100, 300, 1000, 100_000])
  func blocksCoverTheFieldOnce(bytes: Int) throws {
    let folder = try TemporaryFolder()
    let field = try GridDataset(paths: [try folder.write(OceanFile().bytes, "a.nc")])
      .field("temp")
    var seen: [Float] = []
    for block in field.blocks(within: bytes) {
      #expect(block.count * 4 <= max(bytes, 4))
      seen += try field.values(in: block)
    }
    #expect(seen.count == field.count)
    #expect(seen.sorted() == field.expectedOcean(start: start).sorted())
  }

  @Test func layersAndVolumes() throws {
    let folder = try TemporaryFolder()
    let field = try GridDataset(paths: [try folder.write(OceanFile().bytes, "a.nc")])
      .field("temp")
    let layer = try field.layer(time: 2, level: 1, others: [1])
    #expect(layer.count == 20 && layer[7] == OceanFile.value(2, 2, 50, 0, 144))
    #expect(try field.volume(time: 2, others: [1])[20..<40] == layer[...])
    for bad in [(3, 0, []), (0, 3, []), (-1, 0, []), (0, 0, [2]), (0, 0, [0, 0]), (.max, 0, [])]
      as [(Int, Int, [Int])]
    {
      #expect(throws: GridError.self) {
        try field.layer(time: bad.0, level: bad.1, others: bad.2)
      }
    }
  }

  @Test func metadata() throws {
    let folder = try TemporaryFolder()
    var ocean = OceanFile()
    ocean.attributes = [
      ("standard_name", .text("sea_water_potential_temperature")),
      ("cell_methods", .text("time: mean (interval: 1 hour) area: mean where sea lat: lon: max")),
      ("cell_measures", .text("area: areacello volume: volcello")),
      ("ancillary_variables", .text("temp_error temp_count")),
    ]
    let field = try GridDataset(paths: [try folder.write(ocean.bytes, "a.nc")]).field("temp")
    #expect(field.standardName == "sea_water_potential_temperature")
    #expect(field.cellMeasures == ["area": "areacello", "volume": "volcello"])
    #expect(field.ancillaryVariables == ["temp_error", "temp_count"])
    #expect(field.cellMethods.map(\.axes) == [["time"], ["area"], ["lat", "lon"]])
    #expect(field.cellMethods.map(\.method) == ["mean", "mean", "max"])
    #expect(field.cellMethods[0].comment == "interval: 1 hour")
    #expect(field.cellMethods[1].description == "area: mean where sea")
  }

  @Test func seriesAndPoints() throws {
    let folder = try TemporaryFolder()
    var file = ClassicFile()
    file.addDimension("station", 2)
    file.addDimension("time", 3)
    file.addDimension("name_len", 4)
    file.addAttribute("featureType", .text("timeSeries"))
    file.addVariable(
      "name", ["station", "name_len"], .text("oslokiel"),
      attributes: [("cf_role", .text("timeseries_id"))])
    file.addVariable(
      "lat", ["station"], .doubles([59, 54]), attributes: [("units", .text("degrees_north"))])
    file.addVariable(
      "lon", ["station"], .doubles([10, 10]), attributes: [("units", .text("degrees_east"))])
    file.addVariable(
      "time", ["time"], .doubles([0, 1, 2]),
      attributes: [("units", .text("hours since 2020-01-01"))])
    file.addVariable(
      "level", ["station", "time"], .floats([1, 2, 3, 4, 5, 6]),
      attributes: [("units", .text("m")), ("coordinates", .text("lat lon name"))])
    let field = try GridDataset(paths: [try folder.write(file.bytes, "s.nc")]).field("level")
    #expect(field.shape == [2, 3, 1, 1, 1])
    #expect(field.others[0].kind == .points && field.others[0].values == .texts(["oslo", "kiel"]))
    #expect(field.horizontal == nil && field.times.count == 3)
    #expect(try field.values() == [1, 2, 3, 4, 5, 6])
    #expect(try field.selecting("kiel", along: "station").values() == [4, 5, 6])
    let error = #expect(throws: GridError.self) { try field.grid() }
    #expect(error?.code == .layout)
  }

  /// Coordinates as people read them: no digits of single precision that mean nothing.
  @Test(arguments: [
    (850.0, "850 hPa"), (0.5, "0.5 hPa"), (Double(Float(0.2)), "0.2 hPa"), (0.2, "0.2 hPa"),
    (1.0 / 3, "0.3333333333333333 hPa"),
  ])
  func labelsAreShort(_ value: Double, _ text: String) {
    let axis = DiscreteAxis(name: "level", values: .numbers([value]), units: "hPa")
    #expect(axis.label(0) == text)
  }
}
