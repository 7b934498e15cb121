// Tests of SquallCommand: small radar frames, whole or wrong in one chosen way.

import Foundation
import GridFiles

/// How the frames of a test are made: a shower of 20 km that drifts east by half a kilometre a minute.
struct Frames {
  var count = 5
  var size = 64
  var stepMinutes = 10
  var units = "mm h-1"
  var standardName: String? = "rainfall_rate"
  var name = "rain"
  /// A second variable that would do as well.
  var rival: String?
  var isMissing = false

  /// Writes one file a time into `folder` and gives their paths in order of time.
  func write(into folder: ScratchFolder, prefix: String = "frame") throws -> [String] {
    try (0..<count).map { index in
      let path = folder.path("\(prefix)-\(index).nc")
      try write(path, minutes: index * stepMinutes)
      return path
    }
  }

  /// Writes the frame of `minutes` after 2024-07-18 09:00 UTC.
  func write(_ path: String, minutes: Int) throws {
    let writer = try NetCDFWriter(path: path)
    let time = try writer.addDimension("time", length: 1)
    let y = try writer.addDimension("y", length: size)
    let x = try writer.addDimension("x", length: size)
    let times = try writer.addVariable(
      "time", .double, [time],
      attributes: ["units": "seconds since 1970-01-01", "standard_name": "time"])
    let rows = try writer.addVariable(
      "y", .double, [y],
      attributes: ["units": "m", "standard_name": "projection_y_coordinate"])
    let columns = try writer.addVariable(
      "x", .double, [x],
      attributes: ["units": "m", "standard_name": "projection_x_coordinate"])
    let mapping = try writer.addVariable(
      "crs", .int32, [],
      attributes: [
        "grid_mapping_name": "transverse_mercator",
        "longitude_of_central_meridian": .double([120]),
        "latitude_of_projection_origin": .double([36]),
        "scale_factor_at_central_meridian": .double([1]), "false_easting": .double([0]),
        "false_northing": .double([0]), "semi_major_axis": .double([6_378_137]),
        "inverse_flattening": .double([298.257223563]),
      ])
    var attributes: NetCDFAttributes = [
      "units": .text(units), "grid_mapping": "crs", "_FillValue": .float([-1]),
    ]
    if let standardName { attributes["standard_name"] = .text(standardName) }
    let fields = try ([name] + [rival].compactMap { $0 }).map {
      try writer.addVariable($0, .float, [time, y, x], attributes: attributes)
    }
    try writer.setAttributes(["Conventions": "CF-1.11"])
    try writer.endDefinitions()
    try writer.write(
      .double([1_721_293_200 + Double(minutes) * 60]), to: times, start: [0], count: [1])
    let axis = (0..<size).map { (Double($0) - Double(size - 1) / 2) * 1000 }
    try writer.write(.double(axis), to: rows, start: [0], count: [size])
    try writer.write(.double(axis), to: columns, start: [0], count: [size])
    try writer.write(.int32([0]), to: mapping)
    for field in fields {
      try writer.write(
        .float(rain(minutes)), to: field, start: [0, 0, 0], count: [1, size, size])
    }
    try writer.commit()
  }

  private func rain(_ minutes: Int) -> [Float] {
    guard !isMissing else { return Array(repeating: -1, count: size * size) }
    let centre = (x: Double(size) * 0.3 + 0.5 * Double(minutes), y: Double(size) * 0.5)
    return (0..<size * size).map { cell in
      let (dx, dy) = (Double(cell % size) - centre.x, Double(cell / size) - centre.y)
      let rate = 30 * exp(-(dx * dx + dy * dy) / 72) + 4 * exp(-(dx * dx + dy * dy) / 600) - 0.2
      return Float(max(rate, 0))
    }
  }
}
