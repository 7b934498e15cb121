// Tests of Grids: files of models and archives that keep to their own habits instead of CF.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

struct HabitTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func wrf() throws {
    let dataset = try GridDataset(paths: [try folder.write(WrfFile().bytes, "wrfout.nc")])
    let field = try dataset.field("T")
    #expect(field.shape == [2, 2, 3, 4] && field.horizontal?.kind == .curvilinear)
    #expect(field.times.map(\.iso8601) == ["2005-08-28T00:00:00Z", "2005-08-28T03:00:00Z"])
    #expect(field.horizontal?.latitude?.values.doubles?[5] == 41)
    #expect(field.horizontal?.mapping?.projection == "lambert_conformal_conic")
    #expect(field.horizontal?.mapping?.attributes.numbers("standard_parallel") == [30, 60])
    #expect(field.vertical?.kind == .index)
    #expect(field.notes.contains { $0.contains("'Times'") })
    let wind = try dataset.field("U")
    #expect(wind.width == 5 && wind.horizontal?.latitude == nil)
  }

  @Test func nemoWithoutPlacesTakesThemFromItsMesh() throws {
    var file = NemoFile()
    (file.stagger, file.hasPlaces) = ("v", false)
    let paths = [
      try folder.write(file.bytes, "grid-V.nc"), try folder.write(NemoFile.mesh, "mesh_mask.nc"),
    ]
    let dataset = try GridDataset(paths: paths)
    let field = try dataset.field("vo")
    #expect(field.horizontal?.latitude?.name == "gphiv")
    #expect(field.horizontal?.latitude?.values.doubles?[0] == 0)
    #expect(field.times.first?.calendar == .noLeap)
    #expect(field.notes.contains { $0.contains("mesh_mask.nc") })
    let mask = try #require(try dataset.seaMask(for: field))
    #expect(mask.source == "'vmask'" && mask.levels == 2)
    #expect(mask.layer(0).allSatisfy { $0 } && mask.layer(1).allSatisfy { !$0 })
    let alone = try GridDataset(paths: [paths[0]]).field("vo")
    #expect(alone.horizontal?.kind == .index)
    #expect(alone.notes.contains { $0.contains("'nav_lat nav_lon' are named but not in the file") })
  }

  @Test func zerosAreNoPlaces() throws {
    var file = NemoFile()
    file.landRows = 1
    let field = try GridDataset(paths: [try folder.write(file.bytes, "grid-T.nc")]).field("vo")
    let latitudes = try #require(field.horizontal?.latitude?.values.doubles)
    #expect(latitudes.prefix(4).allSatisfy(\.isNaN) && latitudes[4] == 5)
    #expect(field.notes.contains { $0.contains("4 cells") })
  }

  @Test(arguments: [
    "degrees", "degree", "deg", "degrees_east", "degrees_E", "degreeE", "",
  ])
  func spellingsOfDegrees(units: String) throws {
    var file = ClassicFile()
    file.addDimension("lat", 3)
    file.addDimension("lon", 4)
    let north = units.replacing("east", with: "north").replacing("E", with: "N")
    file.addVariable(
      "lat", ["lat"], .doubles([0, 1, 2]), attributes: [("Unit", .text(north))])
    file.addVariable(
      "lon", ["lon"], .doubles([0, 1, 2, 3]), attributes: [("Unit", .text(units))])
    file.addVariable("sst", ["lat", "lon"], .floats((0..<12).map(Float.init)))
    let field = try GridDataset(paths: [try folder.write(file.bytes, "a.nc")]).field("sst")
    #expect(field.horizontal?.kind == .geographic)
    let isGuess = ["degrees", "degree", "deg", ""].contains(units)
    #expect(field.notes.contains { $0.contains("taken as longitude") } == isGuess)
  }

  @Test func ferretEdges() throws {
    var file = ClassicFile()
    for (name, length) in [("Z", 3), ("Zedges", 4), ("Y", 2), ("X", 2)] {
      file.addDimension(name, length)
    }
    file.addVariable(
      "Z", ["Z"], .doubles([5, 20, 50]),
      attributes: [
        ("units", .text("METERS")), ("positive", .text("down")), ("edges", .text("Zedges")),
      ])
    file.addVariable("Zedges", ["Zedges"], .doubles([0, 10, 30, 70]))
    file.addVariable("Y", ["Y"], .doubles([0, 1]), attributes: [("units", .text("degrees_north"))])
    file.addVariable("X", ["X"], .doubles([0, 1]), attributes: [("units", .text("degrees_east"))])
    file.addVariable("TEMP", ["Z", "Y", "X"], .floats((0..<12).map(Float.init)))
    let dataset = try GridDataset(paths: [try folder.write(file.bytes, "a.nc")])
    let field = try dataset.field("TEMP")
    #expect(field.vertical?.kind == .depth && field.vertical?.bounds == [0, 10, 10, 30, 30, 70])
    #expect(dataset.variables.filter { !$0.isSupport }.map(\.name) == ["TEMP"])
  }

  @Test func absoluteDates() throws {
    var file = ClassicFile()
    file.addDimension("time", 2)
    file.addVariable(
      "time", ["time"], .doubles([20_160_711.25, 20_160_711.5]),
      attributes: [("units", .text("day as %Y%m%d.%f"))])
    file.addVariable("series", ["time"], .floats([1, 2]))
    let field = try GridDataset(paths: [try folder.write(file.bytes, "a.nc")]).field("series")
    #expect(field.times.map(\.iso8601) == ["2016-07-11T06:00:00Z", "2016-07-11T12:00:00Z"])
  }

  @Test func runsOfForecasts() throws {
    var file = ClassicFile()
    for (name, length) in [("time", 2), ("step", 3), ("latitude", 2), ("longitude", 2)] {
      file.addDimension(name, length)
    }
    file.addVariable(
      "time", ["time"], .doubles([0, 24]),
      attributes: [
        ("units", .text("hours since 2020-01-01")),
        ("standard_name", .text("forecast_reference_time")),
      ])
    file.addVariable(
      "step", ["step"], .doubles([0, 6, 12]),
      attributes: [("units", .text("hours")), ("standard_name", .text("forecast_period"))])
    file.addVariable(
      "latitude", ["latitude"], .doubles([1, 0]), attributes: [("units", .text("degrees_north"))])
    file.addVariable(
      "longitude", ["longitude"], .doubles([0, 1]), attributes: [("units", .text("degrees_east"))])
    file.addVariable(
      "t2m", ["time", "step", "latitude", "longitude"], .floats((0..<24).map(Float.init)))
    let field = try GridDataset(paths: [try folder.write(file.bytes, "a.nc")]).field("t2m")
    #expect(field.shape == [2, 3, 1, 1, 2, 2] && field.time == nil)
    #expect(field.others.map(\.kind) == [.referenceTime, .forecastPeriod])
    let run = try field.run(1)
    #expect(run.shape == [1, 3, 1, 2, 2])
    #expect(run.times.map(\.iso8601).last == "2020-01-02T12:00:00Z")
    #expect(try run.values() == (12..<24).map(Float.init))
    #expect(throws: GridError.self) { try field.run(2) }
    #expect(throws: GridError.self) { try run.run(0) }
  }

  @Test func meshesAreNoGrids() throws {
    var file = ClassicFile()
    file.addDimension("node", 4)
    file.addDimension("time", 2)
    file.addVariable(
      "lat", ["node"], .doubles([0, 1, 0, 1]),
      attributes: [("units", .text("degrees_north")), ("standard_name", .text("latitude"))])
    file.addVariable(
      "lon", ["node"], .doubles([0, 0, 1, 1]),
      attributes: [("units", .text("degrees_east")), ("standard_name", .text("longitude"))])
    file.addVariable(
      "time", ["time"], .doubles([0, 1]), attributes: [("units", .text("days since 1858-11-17"))])
    file.addVariable(
      "zeta", ["time", "node"], .floats((0..<8).map(Float.init)),
      attributes: [("coordinates", .text("lat lon"))])
    let field = try GridDataset(paths: [try folder.write(file.bytes, "fvcom.nc")]).field("zeta")
    #expect(field.shape == [4, 2, 1, 1, 1] && field.others[0].kind == .points)
    #expect(try field.values() == [0, 4, 1, 5, 2, 6, 3, 7])
    let error = #expect(throws: GridError.self) { try field.grid() }
    #expect(error?.message.contains("4 places along 'node'") == true)
  }

  @Test func patterns() throws {
    for name in ["b.nc", "a.nc", "c.txt", "[x].nc"] { _ = try folder.write([], name) }
    let all = try PathPatterns.expand([folder.path("*.nc")])
    #expect(all == ["[x].nc", "a.nc", "b.nc"].map(folder.path))
    #expect(try PathPatterns.expand([folder.path("[x].nc"), folder.path("?.nc")]).count == 3)
    #expect(try PathPatterns.expand(["plain.nc"]) == ["plain.nc"])
    let error = #expect(throws: GridError.self) {
      try PathPatterns.expand([folder.path("2016-*.nc")])
    }
    #expect(error?.code == .noFiles && error?.exitStatus == 66)
  }
}
