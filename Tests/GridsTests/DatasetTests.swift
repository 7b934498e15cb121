// Tests of Grids: datasets of every layout the room promises to read, and of every kind it refuses.

import GridFiles
import Grids
import TestSupport
import Testing

/// A NetCDF-3 file with one rain variable, each part of which a test can change.
struct SmallDataset {
  var times: [Double] = [0, 10, 20]
  var timeUnits = "minutes since 2020-10-31 04:00:00"
  var calendar: String?
  var dimensions = ["time", "y", "x"]
  var x: [Double] = [1, 2, 3, 4]
  var y: [Double] = [30, 20, 10]
  var xUnits = "km"
  var name = "rainfall_rate"
  var standardName: String? = "rainfall_rate"
  var units = "mm h-1"
  var extra: [(name: String, standardName: String, units: String)] = []

  /// Cell (t, row, column) holds 100 t + 10 row + column.
  func value(_ t: Int, _ row: Int, _ column: Int) -> Float { Float(100 * t + 10 * row + column) }

  func bytes() -> [UInt8] {
    var file = ClassicFile()
    let lengths = ["time": times.count, "y": y.count, "x": x.count]
    for dimension in dimensions { file.addDimension(dimension, lengths[dimension] ?? 1) }
    var timeAttributes: [(String, ClassicFile.Values)] = [("units", .text(timeUnits))]
    if let calendar { timeAttributes.append(("calendar", .text(calendar))) }
    if dimensions.contains("time") {
      file.addVariable("time", ["time"], .doubles(times), attributes: timeAttributes)
    } else {
      timeAttributes.append(("standard_name", .text("time")))
      file.addVariable("valid_time", [], .doubles([times[0]]), attributes: timeAttributes)
    }
    file.addVariable(
      "x", ["x"], .doubles(x),
      attributes: [("standard_name", .text("projection_x_coordinate")), ("units", .text(xUnits))])
    file.addVariable(
      "y", ["y"], .doubles(y),
      attributes: [("standard_name", .text("projection_y_coordinate")), ("units", .text(xUnits))])
    add(&file, name, standardName, units)
    for variable in extra { add(&file, variable.name, variable.standardName, variable.units) }
    return file.bytes
  }

  private func add(
    _ file: inout ClassicFile, _ name: String, _ standardName: String?, _ units: String
  ) {
    var attributes: [(String, ClassicFile.Values)] = [("units", .text(units))]
    if let standardName { attributes.append(("standard_name", .text(standardName))) }
    file.addVariable(name, dimensions, .floats(values()), attributes: attributes)
  }

  private func values() -> [Float] {
    let lengths = ["time": times.count, "y": y.count, "x": x.count]
    var result: [Float] = []
    let shape = dimensions.map { lengths[$0] ?? 1 }
    for number in 0..<shape.reduce(1, *) {
      var place: [String: Int] = [:]
      var rest = number
      for (dimension, length) in zip(dimensions, shape).reversed() {
        place[dimension] = rest % length
        rest /= length
      }
      result.append(value(place["time"] ?? 0, place["y"] ?? 0, place["x"] ?? 0))
    }
    return result
  }
}

struct DatasetTests {
  @Test(arguments: [
    ["time", "y", "x"], ["time", "x", "y"], ["y", "x", "time"], ["x", "time", "y"], ["y", "x"],
    ["x", "y"],
  ])
  func dimensionsInAnyOrder(dimensions: [String]) throws {
    let folder = try TemporaryFolder()
    var small = SmallDataset()
    small.dimensions = dimensions
    let dataset = try GridDataset(paths: [try folder.write(small.bytes(), "a.nc")])
    let rain = try dataset.precipitationVariable()
    let count = dimensions.contains("time") ? 3 : 1
    #expect(try dataset.times(of: rain.variable).count == count)
    let grid = try dataset.grid(of: rain.variable)
    #expect(grid.height == 3 && grid.width == 4)
    #expect(!grid.y.isAscending && grid.x.isAscending)
    #expect(grid.spacingKilometres.map { $0 == (1, 10) } == true)
    let field = try dataset.rainRate(rain, at: count - 1)
    #expect(field.values[2 * 4 + 3] == small.value(count - 1, 2, 3))
    #expect(field.values[1] == small.value(count - 1, 0, 1))
  }

  @Test func filesAreSortedByTime() throws {
    let folder = try TemporaryFolder()
    var paths: [String] = []
    for (name, times) in [("late", [40.0, 50]), ("early", [0, 10]), ("middle", [20, 30])] {
      var small = SmallDataset()
      small.times = times
      paths.append(try folder.write(small.bytes(), "\(name).nc"))
    }
    let dataset = try GridDataset(paths: paths)
    let rain = try dataset.precipitationVariable()
    let times = try dataset.times(of: rain.variable)
    #expect(FrameSpacing(times).isEven && times.count == 6)
    #expect(try dataset.sources(of: rain.variable).map { $0.hasSuffix("early.nc") }[0])
    #expect(try dataset.frame(rain.variable, at: 5).values[0] == 100)
    #expect(rain.notes.contains { $0.contains("sorted") })
    #expect(throws: GridError.self) { try dataset.frame(rain.variable, at: 6) }
    #expect(throws: GridError.self) { try dataset.frame(rain.variable, at: -1) }
  }

  @Test func duplicatedTimesNameBothFiles() throws {
    let folder = try TemporaryFolder()
    let paths = try ["a.nc", "b.nc"].map { try folder.write(SmallDataset().bytes(), $0) }
    let error = try refusal(paths)
    #expect(error.code == .duplicateTime)
    #expect(error.description.contains(paths[0]) && error.description.contains(paths[1]))
    #expect(error.description.contains("2020-10-31T04:00:00Z"))

    var twice = SmallDataset()
    twice.times = [0, 10, 10]
    let one = try refusal([try folder.write(twice.bytes(), "c.nc")])
    #expect(one.code == .duplicateTime && one.description.contains("twice in"))
  }

  @Test func gridsThatDiffer() throws {
    let folder = try TemporaryFolder()
    let first = try folder.write(SmallDataset().bytes(), "a.nc")
    var moved = SmallDataset()
    moved.times = [30]
    moved.y = [31, 21, 11]
    let error = try refusal([first, try folder.write(moved.bytes(), "moved.nc")])
    #expect(error.code == .mismatch)
    #expect(error.description.contains("moved.nc") && error.description.contains("'y'"))

    var wider = SmallDataset()
    wider.times = [30]
    wider.x.append(5)
    let size = try refusal([first, try folder.write(wider.bytes(), "wider.nc")])
    #expect(size.description.contains("3×5 cells, not 3×4"))

    var other = SmallDataset()
    other.times = [30]
    other.units = "kg m-2 s-1"
    let units = try refusal([first, try folder.write(other.bytes(), "units.nc")])
    #expect(units.code == .mismatch && units.description.contains("kg m-2 s-1"))

    var renamed = SmallDataset()
    renamed.times = [30]
    renamed.name = "rr"
    let paths = [first, try folder.write(renamed.bytes(), "renamed.nc")]
    #expect(try refusal(paths).code == .ambiguousVariable)
    let field = try GridDataset(paths: paths).field("rainfall_rate")
    #expect(field.timeCount == 3)
  }

  @Test func choosingTheVariable() throws {
    let folder = try TemporaryFolder()
    var small = SmallDataset()
    small.extra = [
      ("amount", "precipitation_amount", "kg m-2"), ("rr_error", "rainfall_rate error", "mm h-1"),
      ("wind", "wind_speed", "m s-1"), ("height", "surface_altitude", "m"),
    ]
    let path = try folder.write(small.bytes(), "a.nc")
    let dataset = try GridDataset(paths: [path])
    #expect(try dataset.precipitationVariable().variable.name == "rainfall_rate")
    #expect(try dataset.precipitationVariable(named: "amount").isAccumulated)

    let wrong = #expect(throws: GridError.self) {
      try dataset.precipitationVariable(named: "rain")
    }
    #expect(wrong?.code == .noVariable && wrong?.exitStatus == 65)
    #expect(wrong?.message.contains("rainfall_rate, amount, rr_error, wind, height") == true)

    small.extra.append(("conv", "convective_rainfall_rate", "mm h-1"))
    let two = try refusal([try folder.write(small.bytes(), "two.nc")])
    #expect(two.code == .ambiguousVariable && two.message.contains("--variable"))
    #expect(two.message.contains("'rainfall_rate'") && two.message.contains("'conv'"))
  }

  @Test func nothingThatCouldBeRain() throws {
    let folder = try TemporaryFolder()
    var small = SmallDataset()
    (small.name, small.standardName, small.units) = ("sst", "sea_surface_temperature", "K")
    let path = try folder.write(small.bytes(), "sst.nc")
    let none = try refusal([path])
    #expect(none.code == .noVariable && none.message.contains("sst (K)"))
    let named = #expect(throws: GridError.self) {
      try GridDataset(paths: [path]).precipitationVariable(named: "sst")
    }
    #expect(named?.code == .units && named?.description.contains("'K'") == true)
    let axis = #expect(throws: GridError.self) {
      try GridDataset(paths: [path]).precipitationVariable(named: "x")
    }
    #expect(axis?.code == .layout)

    small.units = "dBZ"
    let radar = try GridDataset(paths: [try folder.write(small.bytes(), "dbz.nc")])
    let refused = #expect(throws: GridError.self) { try radar.precipitationVariable() }
    #expect(refused?.message.contains("reflectivity") == true)
    let rain = try radar.precipitationVariable(relation: .marshallPalmer)
    let field = try radar.rainRate(rain, at: 0)
    #expect(abs(field.values[11] - 0.9985188) < 1e-5, "23 dBZ")
  }

  @Test func amountsNeedAPeriod() throws {
    let folder = try TemporaryFolder()
    var small = SmallDataset()
    (small.name, small.standardName, small.units) = ("tp", "precipitation_amount", "m")
    let dataset = try GridDataset(paths: [try folder.write(small.bytes(), "a.nc")])
    let rain = try dataset.precipitationVariable()
    #expect(rain.periods == [.seconds(600), .seconds(600), .seconds(600)])
    #expect(rain.notes.contains { $0.contains("spacing of the frames") })
    #expect(try dataset.rainRate(rain, at: 0).values[1] == 6000)

    small.times = [0]
    let error = try refusal([try folder.write(small.bytes(), "one.nc")])
    #expect(error.code == .time && error.message.contains("period"))
  }

  @Test func timesThatCannotBeRead() throws {
    let folder = try TemporaryFolder()
    for (units, calendar, complaint) in [
      ("months since 2000-01-01", nil, "fixed length"), ("days since when", nil, "not a time"),
      ("minutes since 2020-10-31", "mayan", "calendar 'mayan'"),
      ("minutes", nil, "no time coordinate"),
    ] as [(String, String?, String)] {
      var small = SmallDataset()
      (small.timeUnits, small.calendar) = (units, calendar)
      let error = try refusal([try folder.write(small.bytes(), "a.nc")])
      #expect(error.code == .time && error.description.contains(complaint), "\(error)")
    }
    var missing = SmallDataset()
    missing.times = [0, 9.9692099683868690e+36, 20]
    #expect(try refusal([try folder.write(missing.bytes(), "a.nc")]).code == .time)
  }

  @Test func axesThatTurnBack() throws {
    let folder = try TemporaryFolder()
    for x in [[1.0, 2, 2, 3], [1, 3, 2, 4], [.nan, 1, 2, 3]] {
      var small = SmallDataset()
      small.x = x
      let error = try refusal([try folder.write(small.bytes(), "a.nc")])
      #expect(error.code == .layout && error.variable == "x")
    }
  }

  @Test func longitudesAcrossTheDateLine() throws {
    let folder = try TemporaryFolder()
    var file = ClassicFile()
    file.addDimension("lat", 2)
    file.addDimension("lon", 4)
    file.addAttribute("time_coverage_end", .text("2020-10-31T04:00:00Z"))
    file.addVariable(
      "lat", ["lat"], .doubles([-1, 1]), attributes: [("units", .text("degrees_north"))])
    file.addVariable(
      "lon", ["lon"], .doubles([178, 179, -180, -179]),
      attributes: [("units", .text("degrees_east"))])
    file.addVariable(
      "rr", ["lat", "lon"], .floats((0..<8).map(Float.init)),
      attributes: [("units", .text("mm/h")), ("long_name", .text("rain rate"))])
    let dataset = try GridDataset(paths: [try folder.write(file.bytes, "line.nc")])
    let rain = try dataset.precipitationVariable()
    let grid = try dataset.grid(of: rain.variable)
    #expect(grid.kind == .geographic && grid.x.values == [178, 179, 180, 181])
    #expect(rain.notes.contains { $0.contains("made continuous") })
    #expect(rain.notes.contains { $0.contains("time_coverage_end") })
  }

  @Test(arguments: [UInt64](1...6))
  func survivesDamage(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: seed)
    let whole = SmallDataset().bytes()
    for _ in 0..<100 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 4..<bytes.count, using: &random)] = .random(
          in: .min ... .max, using: &random)
      }
      let path = try folder.write(bytes, "damaged.nc")
      do throws(GridError) {
        _ = try GridFileSummary(paths: [path]).description
        let dataset = try GridDataset(paths: [path])
        let rain = try dataset.precipitationVariable()
        _ = try dataset.rainRate(rain, at: 0)
      } catch {
        #expect(error.exitStatus == 65, "seed \(seed): \(error)")
        #expect(!error.description.contains("\n"))
      }
    }
  }

  @Test func filesThatFail() throws {
    let folder = try TemporaryFolder()
    let good = try folder.write(SmallDataset().bytes(), "a.nc")
    let cut = try folder.write(SmallDataset().bytes().dropLast(100), "cut.nc")
    let error = #expect(throws: GridError.self) { try GridDataset(paths: [good, cut]) }
    #expect(error?.code == .file(.truncated) && error?.path == cut && error?.exitStatus == 65)
    let missing = #expect(throws: GridError.self) {
      try GridDataset(paths: [good, folder.path("none.nc")])
    }
    #expect(missing?.exitStatus == 66)
    #expect(throws: GridError.self) { try GridDataset(paths: []) }
  }

  @Test func summary() throws {
    let folder = try TemporaryFolder()
    var small = SmallDataset()
    small.times = [0, 10, 30]
    let text = try GridFileSummary(paths: [try folder.write(small.bytes(), "a.nc")]).description
    #expect(text.contains("NetCDF-3 classic"))
    #expect(text.contains("rainfall_rate(time, y, x) float [mm h-1] rainfall_rate: field"))
    #expect(text.contains("3 rows × 4 columns, projected, cells of 10 km along y, 1 km along x"))
    #expect(text.contains("every PT10M, 1 missing: 2020-10-31T04:20:00Z"))
    #expect(text.contains("next: squall nowcast"))
  }

  private func refusal(_ paths: [String]) throws -> GridError {
    try #require(
      #expect(throws: GridError.self) {
        let dataset = try GridDataset(paths: paths)
        let rain = try dataset.precipitationVariable()
        for index in try dataset.times(of: rain.variable).indices {
          _ = try dataset.rainRate(rain, at: index)
        }
      })
  }
}
