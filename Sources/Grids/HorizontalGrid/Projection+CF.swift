// Room: Grids. Map projections from CF's grid mappings.

internal import Foundation
internal import GridFiles

extension Projection {
  /// The projection that a grid mapping describes; nil for one that lacks what CF asks for, and for
  /// a mapping that is no map projection.
  ///
  /// - Parameter metresPerUnit: metres in a unit of the projection's coordinates, in which CF gives
  ///   false eastings and northings.
  ///
  /// Source: CF 1.11 appendix F; the text attributes are those that GDAL and others add.
  init?(_ mapping: GridMapping, metresPerUnit: Double) throws(GridError) {
    let mapping = mapping.completed
    let attributes = mapping.attributes
    let texts = ["proj4_params", "proj4", "proj4string", "proj4text", "proj_params", "proj"]
      .compactMap { attributes.text($0) }.filter { $0.contains("proj=") }
    let systems = ["crs_wkt", "spatial_ref", "esri_pe_string"].compactMap { attributes.text($0) }
    let words = CFProjection(attributes: attributes, metresPerUnit: metresPerUnit)
      .words(mapping.projection ?? "")
    let fallbacks = texts + systems
    // CF's oblique Mercator lacks the angle of the grid, which the texts have.
    let isWhole = mapping.projection != "oblique_mercator"
    if let words, (words.namesEllipsoid && isWhole) || fallbacks.isEmpty {
      self = try Projection(words.text)
      return
    }
    var failure: GridError?
    for text in fallbacks {
      do throws(GridError) {
        self = try Projection(text)
        return
      } catch { failure = failure ?? error }
    }
    if let words {
      self = try Projection(words.text)
      return
    }
    if let failure { throw failure }
    return nil
  }
}

/// CF's attributes as PROJ's words.
private struct CFProjection {
  let attributes: NetCDFAttributes
  let metresPerUnit: Double

  func words(_ name: String) -> (text: String, namesEllipsoid: Bool)? {
    guard let words = projection(name), words.allSatisfy({ $0 != nil }) else { return nil }
    let ellipsoid = ellipsoid
    let text = (words + [offsets, ellipsoid ?? "+ellps=WGS84", meridian]).compactMap { $0 }
    return (text.joined(separator: " "), ellipsoid != nil)
  }

  /// The projection's own words; nil among them stands for one that is missing.
  private func projection(_ name: String) -> [String?]? {
    switch name {
    case "albers_conical_equal_area": conic("aea")
    case "azimuthal_equidistant": ["+proj=aeqd", latitudeOfOrigin, longitudeOfOrigin]
    case "geostationary":
      [
        "+proj=geos", word("h", "perspective_point_height", or: 35_785_831),
        longitudeOfOrigin, "+sweep=\(sweep)",
      ]
    case "lambert_azimuthal_equal_area": ["+proj=laea", latitudeOfOrigin, longitudeOfOrigin]
    case "lambert_conformal_conic": conic("lcc")
    case "lambert_cylindrical_equal_area": ["+proj=cea", centralMeridian, scaleOrParallel]
    case "mercator": ["+proj=merc", longitudeOfOrigin, scaleOrParallel]
    case "oblique_mercator": obliqueMercator
    case "orthographic": ["+proj=ortho", latitudeOfOrigin, longitudeOfOrigin]
    case "polar_stereographic":
      [
        "+proj=stere", latitudeOfOrigin, scaleOrParallel,
        word("lon_0", "straight_vertical_longitude_from_pole") ?? longitudeOfOrigin,
      ]
    case "sinusoidal": ["+proj=sinu", centralMeridian]
    case "stereographic":
      [
        "+proj=stere", latitudeOfOrigin, longitudeOfOrigin,
        word("k_0", "scale_factor_at_projection_origin", or: 1),
      ]
    case "transverse_mercator":
      [
        "+proj=tmerc", latitudeOfOrigin, centralMeridian,
        word("k_0", "scale_factor_at_central_meridian")
          ?? word("k_0", "scale_factor_at_projection_origin", or: 1),
      ]
    case "vertical_perspective":
      [
        "+proj=nsper", word("h", "perspective_point_height"), latitudeOfOrigin,
        longitudeOfOrigin,
      ]
    default: nil
    }
  }

  private func conic(_ name: String) -> [String?] {
    let parallels = attributes.numbers("standard_parallel")?.filter(\.isFinite) ?? []
    guard let first = parallels.first else { return [nil] }
    let second = parallels.count > 1 ? parallels[1] : first
    return [
      "+proj=\(name)", "+lat_1=\(first)", "+lat_2=\(second)",
      word("lat_0", "latitude_of_projection_origin", or: first), centralMeridian,
    ]
  }

  /// The azimuth at the centre; the Swiss case, 90°, is a projection of its own in PROJ.
  private var obliqueMercator: [String?] {
    let scale = word("k_0", "scale_factor_at_projection_origin", or: 1)
    guard let azimuth = number("azimuth_of_central_line") else { return [nil] }
    if azimuth == 90 { return ["+proj=somerc", latitudeOfOrigin, longitudeOfOrigin, scale] }
    return [
      "+proj=omerc", latitudeOfOrigin, word("lonc", "longitude_of_projection_origin"),
      "+alpha=\(azimuth)", scale,
    ]
  }

  private var scaleOrParallel: String? {
    if let parallel = attributes.numbers("standard_parallel")?.first, parallel.isFinite {
      return "+lat_ts=\(parallel)"
    }
    return word("k_0", "scale_factor_at_projection_origin", or: 1)
  }

  private var latitudeOfOrigin: String? { word("lat_0", "latitude_of_projection_origin", or: 0) }

  private var longitudeOfOrigin: String? {
    word("lon_0", "longitude_of_projection_origin")
      ?? word("lon_0", "longitude_of_central_meridian", or: 0)
  }

  private var centralMeridian: String? {
    word("lon_0", "longitude_of_central_meridian")
      ?? word("lon_0", "longitude_of_projection_origin", or: 0)
  }

  private var sweep: String {
    if let axis = attributes.text("sweep_angle_axis")?.lowercased(), ["x", "y"].contains(axis) {
      return axis
    }
    // The fixed axis is the other one.
    return attributes.text("fixed_angle_axis")?.lowercased() == "y" ? "x" : "y"
  }

  private var offsets: String? {
    let east = (number("false_easting") ?? 0) * metresPerUnit
    let north = (number("false_northing") ?? 0) * metresPerUnit
    return east == 0 && north == 0 ? nil : "+x_0=\(east) +y_0=\(north)"
  }

  private var meridian: String? {
    guard let longitude = number("longitude_of_prime_meridian"), longitude != 0 else { return nil }
    return "+pm=\(longitude)"
  }

  private var ellipsoid: String? {
    // Some files give the ellipsoid in kilometres.
    let metres = { (value: Double) in value > 1000 && value < 10_000 ? value * 1000 : value }
    if let major = number("semi_major_axis").map(metres), major > 0 {
      if let minor = number("semi_minor_axis").map(metres), minor > 0 {
        return "+a=\(major) +b=\(minor)"
      }
      if let inverse = number("inverse_flattening"), inverse > 1 {
        return "+a=\(major) +rf=\(inverse)"
      }
      return "+R=\(major)"
    }
    if let radius = number("earth_radius").map(metres), radius > 0 { return "+R=\(radius)" }
    return attributes.text("reference_ellipsoid_name").flatMap { name in
      let key = name.lowercased().filter { $0.isLetter || $0.isNumber }
      return Self.ellipsoids[key].map { "+ellps=\($0)" }
    }
  }

  private static let ellipsoids = [
    "wgs84": "WGS84", "wgs1984": "WGS84", "wgs72": "WGS72", "wgs1972": "WGS72", "grs80": "GRS80",
    "grs1980": "GRS80", "grs67": "GRS67", "grs1967": "GRS67", "airy": "airy", "airy1830": "airy",
    "airymodified1849": "mod_airy", "bessel1841": "bessel", "bessel": "bessel",
    "clarke1866": "clrk66", "clarke1880": "clrk80", "clarke1880ign": "clrk80ign",
    "international1924": "intl", "intl": "intl", "hayford": "intl", "krassowsky1940": "krass",
    "krassovsky1940": "krass", "sphere": "sphere", "everest1830": "evrst30",
    "australiannational": "aust_SA", "australiannationalspheroid": "aust_SA",
  ]

  private func number(_ name: String) -> Double? {
    attributes.number(name).flatMap { $0.isFinite ? $0 : nil }
  }

  private func word(_ key: String, _ name: String, or fallback: Double? = nil) -> String? {
    (number(name) ?? fallback).map { "+\(key)=\($0)" }
  }
}
