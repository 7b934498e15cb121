// Room: Grids. The geostationary view as CF writes it, from the PROJ string of satellite products.

internal import GridFiles

/// A CF grid mapping from a PROJ string for the geostationary view.
enum GeostationaryMapping {
  /// The attributes for `+proj=geos …`, or nil for anything else.
  ///
  /// Source: CF 1.11 appendix F, "Geostationary projection"; PROJ, "geos".
  static func attributes(proj text: String) -> NetCDFAttributes? {
    var parameters: [String: String] = [:]
    for word in text.split(whereSeparator: \.isWhitespace) {
      let parts = word.drop { $0 == "+" }.split(separator: "=", maxSplits: 1)
      guard let key = parts.first else { continue }
      parameters[String(key)] = parts.count > 1 ? String(parts[1]) : ""
    }
    let number = { (key: String) -> Double? in parameters[key].flatMap { Double($0) } }
    guard parameters["proj"] == "geos", let height = number("h") else { return nil }
    return [
      "grid_mapping_name": "geostationary",
      "perspective_point_height": .double([height]),
      "semi_major_axis": .double([number("a") ?? 6_378_137]),
      "semi_minor_axis": .double([number("b") ?? 6_356_752.314_245]),
      "longitude_of_projection_origin": .double([number("lon_0") ?? 0]),
      "latitude_of_projection_origin": .double([0]),
      "sweep_angle_axis": .text(parameters["sweep"] ?? "y"),
      "proj4_params": .text(text),
    ]
  }
}
