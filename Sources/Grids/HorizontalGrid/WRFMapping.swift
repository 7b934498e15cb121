// Room: Grids. The map projection of WRF's files, which they keep in global attributes.

internal import GridFiles

/// A CF grid mapping from the global attributes of WRF.
enum WRFMapping {
  /// The attributes for `MAP_PROJ` and its company, or nil where they are not there.
  ///
  /// Source: WRF user's guide, "global attributes"; CF 1.11 appendix F. WRF's Earth is a sphere of
  /// 6370 km.
  static func attributes(_ file: NetCDFAttributes) -> NetCDFAttributes? {
    guard let kind = file.number("MAP_PROJ"), let number = Int(exactly: kind) else { return nil }
    let first = file.number("TRUELAT1") ?? 0
    let second = file.number("TRUELAT2") ?? first
    let centre = file.number("STAND_LON") ?? file.number("CEN_LON") ?? 0
    let latitude = file.number("MOAD_CEN_LAT") ?? file.number("CEN_LAT") ?? 0
    var mapping: NetCDFAttributes
    switch number {
    case 1:
      mapping = [
        "grid_mapping_name": "lambert_conformal_conic",
        "standard_parallel": .double(first == second ? [first] : [first, second]),
        "longitude_of_central_meridian": .double([centre]),
        "latitude_of_projection_origin": .double([latitude]),
      ]
    case 2:
      mapping = [
        "grid_mapping_name": "polar_stereographic",
        "standard_parallel": .double([first]),
        "straight_vertical_longitude_from_pole": .double([centre]),
        "latitude_of_projection_origin": .double([first < 0 ? -90 : 90]),
      ]
    case 3:
      mapping = [
        "grid_mapping_name": "mercator",
        "standard_parallel": .double([first]),
        "longitude_of_projection_origin": .double([centre]),
      ]
    default: return nil
    }
    mapping["earth_radius"] = .double([6_370_000])
    return mapping
  }
}
