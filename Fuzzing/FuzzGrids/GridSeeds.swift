// Fuzzing: small grid files of every format, from which libFuzzer begins.

internal import Foundation
internal import GridFiles
internal import TestSupport

enum GridSeeds {
  /// Writes the seeds into `folder`; one that cannot be written is left out.
  static func write(into folder: URL) {
    for version in [1, 2, 5] {
      try? Data(classic(version)).write(to: folder.appending(path: "grid-classic-\(version)"))
    }
    for deflate in [0, 4] {
      let path = folder.appending(path: "grid-netcdf4-\(deflate)").path(percentEncoded: false)
      try? netCDF4(path, deflate: deflate)
    }
  }

  private static func classic(_ version: Int) -> [UInt8] {
    var file = ClassicFile(version: version)
    file.addDimension("time", 0)
    file.addDimension("lat", 3)
    file.addDimension("lon", 4)
    file.addAttribute("title", .text("seed"))
    file.addVariable(
      "lat", ["lat"], .doubles([10, 20, 30]), attributes: [("units", .text("degrees_north"))])
    file.addVariable(
      "lon", ["lon"], .doubles([1, 2, 3, 4]), attributes: [("units", .text("degrees_east"))])
    file.addVariable(
      "time", ["time"], .ints([0, 600]), attributes: [("units", .text("seconds since 2000-01-01"))])
    file.addVariable(
      "rain", ["time", "lat", "lon"], .shorts((0..<24).map { Int16($0) - 1 }),
      attributes: [
        ("scale_factor", .floats([0.5])), ("_FillValue", .shorts([-1])), ("units", .text("mm h-1")),
      ])
    return file.bytes
  }

  private static func netCDF4(_ path: String, deflate: Int) throws {
    let writer = try NetCDFWriter(path: path)
    let time = try writer.addDimension("time", length: nil)
    let lat = try writer.addDimension("lat", length: 6)
    let lon = try writer.addDimension("lon", length: 7)
    let times = try writer.addVariable(
      "time", .int32, [time], attributes: ["units": "seconds since 2000-01-01"])
    let lats = try writer.addVariable("lat", .double, [lat], attributes: ["units": "degrees_north"])
    let lons = try writer.addVariable("lon", .double, [lon], attributes: ["units": "degrees_east"])
    let names = try writer.addVariable("names", .string, [lat])
    var fields: [NetCDFWriter.Variable] = []
    for number in 0..<(deflate > 0 ? 10 : 1) {
      fields.append(
        try writer.addVariable(
          "rain\(number)", .float, [time, lat, lon],
          attributes: ["units": "mm h-1", "list": .strings(["a", "b"])],
          storage: NetCDFStorage(
            chunkShape: [1, 3, 4], deflateLevel: deflate, isShuffled: deflate > 0)))
    }
    try writer.endDefinitions()
    try writer.write(.int32([0, 600]), to: times, start: [0], count: [2])
    try writer.write(.double((0..<6).map { Double($0) }), to: lats, start: [0], count: [6])
    try writer.write(.double((0..<7).map { Double($0) }), to: lons, start: [0], count: [7])
    try writer.write(.strings((0..<6).map { "n\($0)" }), to: names, start: [0], count: [6])
    for field in fields {
      try writer.write(
        .float((0..<84).map { Float($0) }), to: field, start: [0, 0, 0], count: [2, 6, 7])
    }
    try writer.commit()
  }
}
