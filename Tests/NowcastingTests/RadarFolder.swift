// Tests of Nowcasting. Radar frames as NetCDF files in a folder of their own.

import Foundation
import GridFiles
import Grids
import Nowcasting

/// A temporary folder of radar frames, removed with the last reference to it.
final class RadarFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "squall-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// The names of the files in it.
  var contents: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
  }

  /// Writes one file a frame; `minutes` count from 2024-07-18 09:00 UTC.
  func write(
    _ frames: [(minutes: Double, rain: Plane)], spacing: Double = 1000, units: String = "mm h-1",
    standardName: String = "rainfall_rate", axisUnits: String = "m"
  ) throws -> GridDataset {
    var urls: [URL] = []
    for (minutes, rain) in frames {
      let file = url.appending(path: "frame-\(Int(minutes * 60)).nc")
      try write(
        rain, minutes, file, spacing: spacing, units: units, standardName: standardName,
        axisUnits: axisUnits)
      urls.append(file)
    }
    return try GridDataset(contentsOf: urls)
  }

  /// Writes a scene's frames.
  func write(
    _ scene: Scene, _ minutes: [Double], spacing: Double = 1000
  ) throws -> GridDataset {
    try write(minutes.map { ($0, scene.rain(at: $0)) }, spacing: spacing)
  }

  private func write(
    _ rain: Plane, _ minutes: Double, _ file: URL, spacing: Double, units: String,
    standardName: String, axisUnits: String
  ) throws {
    let writer = try NetCDFWriter(path: file.path)
    let time = try writer.addDimension("time", length: 1)
    let y = try writer.addDimension("y", length: rain.rows)
    let x = try writer.addDimension("x", length: rain.columns)
    let times = try writer.addVariable(
      "time", .double, [time],
      attributes: ["units": "seconds since 1970-01-01", "standard_name": "time"])
    let rows = try writer.addVariable(
      "y", .double, [y],
      attributes: ["units": .text(axisUnits), "standard_name": "projection_y_coordinate"])
    let columns = try writer.addVariable(
      "x", .double, [x],
      attributes: ["units": .text(axisUnits), "standard_name": "projection_x_coordinate"])
    let field = try writer.addVariable(
      "rain", .float, [time, y, x],
      attributes: [
        "units": .text(units), "standard_name": .text(standardName), "_FillValue": .float([-99]),
      ])
    try writer.endDefinitions()
    try writer.write(.double([1_721_293_200 + minutes * 60]), to: times, start: [0], count: [1])
    // North is up: rows run from the north, as many radar products have them.
    let north = (0..<rain.rows).map { Double(rain.rows - $0) * spacing }
    try writer.write(.double(north), to: rows, start: [0], count: [rain.rows])
    let east = (0..<rain.columns).map { Double($0) * spacing }
    try writer.write(.double(east), to: columns, start: [0], count: [rain.columns])
    let stored = rain.values.map { $0.isNaN ? -99 : $0 }
    try writer.write(
      .float(stored), to: field, start: [0, 0, 0], count: [1, rain.rows, rain.columns])
    try writer.commit()
  }
}
