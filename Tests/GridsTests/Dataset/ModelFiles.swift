// Test support of Grids: small files in the manner of ocean and atmosphere models.

import TestSupport

/// A ROMS history file: staggered points, stretched levels, masks.
struct RomsFile {
  var bytes: [UInt8] {
    var file = ClassicFile()
    for (name, length) in [
      ("ocean_time", 2), ("s_rho", 3), ("eta_rho", 4), ("xi_rho", 5), ("eta_u", 4), ("xi_u", 4),
    ] { file.addDimension(name, length) }
    file.addVariable(
      "ocean_time", ["ocean_time"], .doubles([0, 3600]),
      attributes: [("units", .text("seconds since 2000-01-01 00:00:00"))])
    file.addVariable(
      "s_rho", ["s_rho"], .doubles([-0.9, -0.5, -0.1]),
      attributes: [
        ("standard_name", .text("ocean_s_coordinate_g2")), ("positive", .text("up")),
        ("formula_terms", .text("s: s_rho C: Cs_r eta: zeta depth: h depth_c: hc")),
      ])
    file.addVariable("Cs_r", ["s_rho"], .doubles([-0.81, -0.25, -0.01]))
    file.addVariable("hc", [], .doubles([20]), attributes: [("units", .text("meter"))])
    let cells = (0..<20).map { (row: $0 / 5, column: $0 % 5) }
    addPlaces(&file, "rho", cells.map { Double($0.row) }, cells.map { Double($0.column) })
    let sides = (0..<16).map { (row: $0 / 4, column: $0 % 4) }
    addPlaces(&file, "u", sides.map { Double($0.row) }, sides.map { Double($0.column) + 0.5 })
    file.addVariable(
      "h", ["eta_rho", "xi_rho"], .doubles(cells.map { Double(100 + 10 * $0.row + $0.column) }),
      attributes: [("units", .text("meter"))])
    file.addVariable(
      "mask_rho", ["eta_rho", "xi_rho"], .doubles(cells.map { $0.column == 1 ? 0 : 1 }))
    file.addVariable(
      "zeta", ["ocean_time", "eta_rho", "xi_rho"],
      .floats((0..<40).map { $0 < 20 ? 0 : 0.1 }), attributes: [("units", .text("meter"))])
    file.addVariable(
      "temp", ["ocean_time", "s_rho", "eta_rho", "xi_rho"], .floats((0..<120).map(Float.init)),
      attributes: [
        ("units", .text("Celsius")), ("coordinates", .text("lon_rho lat_rho s_rho ocean_time")),
      ])
    file.addVariable(
      "u", ["ocean_time", "s_rho", "eta_u", "xi_u"], .floats((0..<96).map(Float.init)),
      attributes: [("units", .text("meter second-1"))])
    return file.bytes
  }

  private func addPlaces(
    _ file: inout ClassicFile, _ stagger: String, _ latitudes: [Double], _ longitudes: [Double]
  ) {
    let dimensions = ["eta_\(stagger)", "xi_\(stagger)"]
    file.addVariable(
      "lat_\(stagger)", dimensions, .doubles(latitudes),
      attributes: [("units", .text("degree_north"))])
    file.addVariable(
      "lon_\(stagger)", dimensions, .doubles(longitudes),
      attributes: [("units", .text("degree_east"))])
  }
}

/// A WRF output file: times in characters, places repeated along time, a projection in attributes.
struct WrfFile {
  var bytes: [UInt8] {
    var file = ClassicFile()
    for (name, length) in [
      ("Time", 2), ("DateStrLen", 19), ("south_north", 3), ("west_east", 4),
      ("west_east_stag", 5), ("bottom_top", 2),
    ] { file.addDimension(name, length) }
    file.addAttribute("MAP_PROJ", .ints([1]))
    file.addAttribute("TRUELAT1", .floats([30]))
    file.addAttribute("TRUELAT2", .floats([60]))
    file.addAttribute("STAND_LON", .floats([10]))
    file.addAttribute("MOAD_CEN_LAT", .floats([45]))
    file.addVariable(
      "Times", ["Time", "DateStrLen"], .text("2005-08-28_00:00:002005-08-28_03:00:00"))
    let latitudes = (0..<24).map { Float(40 + $0 % 12 / 4) }
    let longitudes = (0..<24).map { Float($0 % 4) }
    file.addVariable(
      "XLAT", ["Time", "south_north", "west_east"], .floats(latitudes),
      attributes: [("units", .text("degree_north"))])
    file.addVariable(
      "XLONG", ["Time", "south_north", "west_east"], .floats(longitudes),
      attributes: [("units", .text("degree_east"))])
    file.addVariable(
      "T", ["Time", "bottom_top", "south_north", "west_east"], .floats((0..<48).map(Float.init)),
      attributes: [("units", .text("K"))])
    file.addVariable(
      "U", ["Time", "bottom_top", "south_north", "west_east_stag"],
      .floats((0..<60).map(Float.init)), attributes: [("units", .text("m s-1"))])
    return file.bytes
  }
}

/// A NEMO file of one kind of points, with or without its places.
struct NemoFile {
  var stagger = "t"
  var hasPlaces = true
  var landRows = 0

  static let latitudes = (0..<12).map { Float($0 / 4 * 10 - 5) }
  static let longitudes = (0..<12).map { Float($0 % 4 * 90 - 180) }

  var bytes: [UInt8] {
    var file = ClassicFile()
    for (name, length) in [("time_counter", 1), ("depth\(stagger)", 2), ("y", 3), ("x", 4)] {
      file.addDimension(name, length)
    }
    if hasPlaces {
      let kept = { (values: [Float]) in
        values.enumerated().map { $0 < 4 * landRows ? 0 : $1 }
      }
      file.addVariable(
        "nav_lat", ["y", "x"], .floats(kept(Self.latitudes)),
        attributes: [("units", .text("degrees_north"))])
      file.addVariable(
        "nav_lon", ["y", "x"], .floats(kept(Self.longitudes)),
        attributes: [("units", .text("degrees_east"))])
    }
    file.addVariable(
      "depth\(stagger)", ["depth\(stagger)"], .floats([5, 50]),
      attributes: [("units", .text("m")), ("positive", .text("down"))])
    file.addVariable(
      "time_centered", ["time_counter"], .doubles([1e9]),
      attributes: [
        ("units", .text("seconds since 1900-01-01")), ("calendar", .text("noleap")),
        ("standard_name", .text("time")),
      ])
    file.addVariable(
      "vo", ["time_counter", "depth\(stagger)", "y", "x"], .floats((0..<24).map(Float.init)),
      attributes: [("coordinates", .text("time_centered nav_lat nav_lon depth\(stagger)"))])
    return file.bytes
  }

  /// The mesh that goes with them: places of T and of V points, masks of both.
  static var mesh: [UInt8] {
    var file = ClassicFile()
    for (name, length) in [("t", 1), ("z", 2), ("y", 3), ("x", 4)] {
      file.addDimension(name, length)
    }
    for (name, shift) in [("gphit", Float(0)), ("gphiv", 5)] {
      file.addVariable(name, ["t", "y", "x"], .floats(latitudes.map { $0 + shift }))
    }
    for name in ["glamt", "glamv"] {
      file.addVariable(name, ["t", "y", "x"], .floats(longitudes))
    }
    file.addVariable(
      "tmask", ["t", "z", "y", "x"], .bytes((0..<24).map { $0 % 4 == 0 ? 0 : 1 }))
    file.addVariable(
      "vmask", ["t", "z", "y", "x"], .bytes((0..<24).map { $0 < 12 ? 1 : 0 }))
    return file.bytes
  }
}
