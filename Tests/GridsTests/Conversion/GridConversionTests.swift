// Tests of Grids: from files to a file by way of another grid.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

@Suite struct GridConversionTests {
  /// Temperatures at three times on four depths, two members, and a depth of the sea floor; the
  /// values tell their place.
  private static func write(_ path: String, columns: Int = 12, rows: Int = 6) throws {
    let grid = HorizontalGrid(
      longitudes: (0..<columns).map { 360 * Double($0) / Double(columns) },
      latitudes: (0..<rows).map { -75 + 150 * Double($0) / Double(rows - 1) })
    let start = try CFTime(iso8601: "2016-07-01T00:00Z")
    let times = (0..<3).map { start.advanced(by: .seconds(86400 * $0)) }
    let levels = VerticalAxis(
      name: "depth", kind: .depth, values: [0, 10, 50, 200], units: "m", positive: .down,
      attributes: ["standard_name": "depth", "units": "m", "positive": "down"])
    let writer = try FieldWriter(
      path: path,
      description: FieldFileDescription(
        grid: grid, time: .times(times), verticalAxes: [levels],
        coordinates: [.realization(count: 2)],
        variables: [
          FieldVariable(
            name: "thetao", extraDimensions: ["realization"], verticalAxis: "depth",
            attributes: [
              "standard_name": "sea_water_potential_temperature", "units": "degree_C",
              "cell_methods": "time: mean area: mean",
            ]),
          FieldVariable(
            name: "deptho", isTimed: false,
            attributes: ["standard_name": "sea_floor_depth_below_geoid", "units": "m"]),
          FieldVariable(
            name: "basin", type: .int8, isTimed: false,
            attributes: [
              "flag_values": .int8([0, 1]), "flag_meanings": "land sea", "_FillValue": .int8([-1]),
            ]),
        ]))
    for member in 0..<2 {
      for time in 0..<3 {
        for level in 0..<4 {
          var layer = [Float](
            repeating: Float(1000 * member + 100 * time + 10 * level), count: columns * rows)
          // The land below the surface grows with depth.
          for cell in 0..<level { layer[cell] = .nan }
          try writer.write(
            layer, to: "thetao", at: ["realization": member, "time": time, "depth": level])
        }
      }
    }
    try writer.write([Float](repeating: 4000, count: columns * rows), to: "deptho")
    try writer.write(
      .int8((0..<columns * rows).map { Int8($0 % 2) }), to: "basin")
    try writer.commit()
  }

  @Test(arguments: [RegridMethod.nearest, .bilinear, .conservative], [1, 1 << 12, 200 << 20])
  func everyAxisGoesAlong(_ method: RegridMethod, budget: Int) throws {
    let folder = try TemporaryFolder()
    try Self.write(folder.path("in.nc"))
    var conversion = GridConversion()
    conversion.target = try HorizontalGrid(spec: "r24x10")
    conversion.method = method
    conversion.memoryBudget = budget
    var steps: [Int] = []
    let report = try conversion.run(
      GridDataset(paths: [folder.path("in.nc")]), writingTo: folder.path("out.nc")
    ) { done, all in
      steps.append(done)
      #expect(done <= all)
    }
    let hasCodes = method == .nearest
    #expect(report.variables.map(\.name) == ["thetao", "deptho"] + (hasCodes ? ["basin"] : []))
    #expect(report.notes.contains { $0.contains("'basin' holds codes") } == !hasCodes)
    #expect(steps.last == 25 + (hasCodes ? 1 : 0) && steps == steps.sorted())

    let dataset = try GridDataset(paths: [folder.path("out.nc")])
    let field = try dataset.field("thetao")
    #expect(field.shape == [2, 3, 4, 10, 24])
    #expect(field.vertical?.values == [0, 10, 50, 200])
    #expect(field.times.map(\.iso8601).first == "2016-07-01T00:00:00Z")
    #expect(field.cellMethods.map(\.description) == ["time: mean", "area: mean"])
    for member in 0..<2 {
      for time in 0..<3 {
        for level in 0..<4 {
          let layer = try field.layer(time: time, level: level, others: [member])
          let expected = Float(1000 * member + 100 * time + 10 * level)
          #expect(layer.allSatisfy { $0.isNaN || abs($0 - expected) <= 1e-4 * expected })
          #expect(layer.contains { !$0.isNaN })
        }
      }
    }
    #expect(try dataset.field("deptho").time == nil)
    if hasCodes { #expect(try dataset.field("basin").flags != nil) }
  }

  /// The same values come out, however much memory there is.
  @Test func piecesMakeTheSameFile() throws {
    let folder = try TemporaryFolder()
    try Self.write(folder.path("in.nc"))
    var contents: [Data] = []
    for budget in [1, 3000, 1 << 30] {
      var conversion = GridConversion()
      conversion.memoryBudget = budget
      conversion.target = try HorizontalGrid(spec: "0:90:10,-60:60:10")
      let path = folder.path("out.nc")
      try conversion.run(GridDataset(paths: [folder.path("in.nc")]), writingTo: path)
      let field = try GridDataset(paths: [path]).field("thetao")
      contents.append(Data(try field.values().flatMap { withUnsafeBytes(of: $0) { Array($0) } }))
    }
    #expect(contents[0] == contents[1] && contents[1] == contents[2])
  }

  @Test func partsAreChosen() throws {
    let folder = try TemporaryFolder()
    try Self.write(folder.path("in.nc"))
    var conversion = GridConversion()
    conversion.variables = ["sea_water_potential_temperature"]
    conversion.times = try TimeSelection("2016-07-02")
    conversion.levels = try LevelSelection("0/20 m")
    conversion.entries = [("realization", "1")]
    conversion.box = try GeographicBox("-100,40,-50,50")
    let report = try conversion.run(
      GridDataset(paths: [folder.path("in.nc")]), writingTo: folder.path("out.nc"))
    #expect(report.variables.map(\.name) == ["thetao"])
    let field = try GridDataset(paths: [folder.path("out.nc")]).field("thetao")
    #expect(field.times.map(\.iso8601) == ["2016-07-02T00:00:00Z"])
    #expect(field.vertical?.values == [0, 10])
    #expect(try field.grid().x.values == [-90, -60, -30, 0, 30])
    #expect(try field.grid().y.values == [-45, -15, 15, 45])
    #expect(try field.layer(level: 1).allSatisfy { $0 == 1110 })
  }

  @Test(arguments: [1, 200 << 20]) func levelsAndGapsAreFilledIn(budget: Int) throws {
    let folder = try TemporaryFolder()
    try Self.write(folder.path("in.nc"))
    var conversion = GridConversion()
    conversion.memoryBudget = budget
    conversion.targetLevels = try TargetLevels("500, 3000 cm")
    conversion.filling = .nearest
    let report = try conversion.run(
      GridDataset(paths: [folder.path("in.nc")]), writingTo: folder.path("out.nc"))
    let temperature = try #require(report.variables.first)
    #expect(temperature.axes.first { $0.name == "depth" }?.length == 2)
    // One cell is land at 5 m, two are at 30 m, for each of two members and three times.
    #expect(temperature.filling?.filled == 6 * 3 && temperature.missing == 0)
    #expect((temperature.filling?.farthestKilometres ?? 0) > 100)
    #expect(report.variables[1].filling?.filled == 0)
    let field = try GridDataset(paths: [folder.path("out.nc")]).field("thetao")
    #expect(field.vertical?.values == [500, 3000] && field.vertical?.units == "cm")
    let (near, deep) = (
      try field.layer(time: 2, level: 0, others: [1]),
      try field.layer(time: 2, level: 1, others: [1])
    )
    #expect(near.allSatisfy { $0 == 1205 })
    #expect(deep.allSatisfy { $0 == 1215 })
  }

  /// Lists of levels that are none.
  @Test(arguments: ["", "m", "1,,2", "nan", "1,x m", "inf"])
  func oddLevelsAreRefused(_ text: String) {
    #expect(throws: GridError.self) { try TargetLevels(text) }
  }

  @Test func whatDoesNotFitTogetherIsRefused() throws {
    let folder = try TemporaryFolder()
    try Self.write(folder.path("a.nc"))
    try Self.write(folder.path("b.nc"), columns: 8)
    let dataset = try GridDataset(paths: [folder.path("a.nc")])
    var conversion = GridConversion()
    conversion.variables = ["salinity"]
    #expect(throws: GridError.self) {
      try conversion.run(dataset, writingTo: folder.path("out.nc"))
    }
    conversion.variables = []
    conversion.times = try TimeSelection("2035")
    #expect(throws: GridError.self) {
      try conversion.run(dataset, writingTo: folder.path("out.nc"))
    }
    #expect(try folder.contents() == ["a.nc", "b.nc"])
  }
}
