// Room: Grids. Which way a dimension points, told by its coordinates or, failing that, by its name.

internal import GridFiles

/// The direction of a dimension.
enum AxisRole: Sendable, Hashable {
  case x, y, z, time
  /// The time at which a forecast was made.
  case reference
  /// The time between that and the time forecast.
  case period
  /// One of an ensemble's members.
  case member
}

extension NetCDFVariable {
  /// The units as written, also where the attribute is misspelt `Unit`, as some archives have it.
  var unitsText: String {
    for name in ["units", "Units", "unit", "Unit", "UNITS"] {
      if let text = attributes.text(name) { return text }
    }
    return ""
  }

  /// The standard name without a modifier, or an empty text.
  var standardNameText: String {
    (attributes.text("standard_name") ?? "").words.first ?? ""
  }

  /// The direction that this coordinate variable's attributes tell.
  var axisRole: AxisRole? {
    if let role = AxisRole(standardName: standardNameText) { return role }
    for name in ["axis", "cartesian_axis", "Axis"] {
      switch attributes.text(name)?.uppercased() {
      case "X": return .x
      case "Y": return .y
      case "Z": return .z
      case "T": return .time
      case "E": return .member
      default: break
      }
    }
    if let text = attributes.text("_CoordinateAxisType"),
      let role = AxisRole(coordinateAxisType: text)
    {
      return role
    }
    return unitsRole
  }

  private var unitsRole: AxisRole? {
    let units = unitsText
    if NetCDFVariable.longitudeUnits.contains(units) { return .x }
    if NetCDFVariable.latitudeUnits.contains(units) { return .y }
    if CFTimeUnits.looksLikeTime(units) { return .time }
    if attributes["positive"] != nil || attributes["formula_terms"] != nil { return .z }
    let isPressure = ["pa", "hpa", "mb", "mbar", "millibar", "millibars", "bar", "dbar", "kpa"]
      .contains(units.lowercased())
    // CF 4.3: units of pressure, and these three, mark a vertical axis.
    return isPressure || ["level", "layer", "sigma_level"].contains(units) ? .z : nil
  }

  static let longitudeUnits: Set<String> = [
    "degrees_east", "degree_east", "degree_E", "degrees_E", "degreeE", "degreesE",
  ]
  static let latitudeUnits: Set<String> = [
    "degrees_north", "degree_north", "degree_N", "degrees_N", "degreeN", "degreesN",
  ]

  private var isDegrees: Bool {
    let units = unitsText.lowercased()
    return units.hasPrefix("deg") && !units.hasPrefix("degc") && !units.hasPrefix("deg_c")
  }

  /// Whether units are those of an angle or not given at all.
  private var mayBeAngle: Bool { unitsText.isEmpty || isDegrees || isRadians }

  /// Whether an angle is given in radians.
  var isRadians: Bool { ["radian", "radians", "rad"].contains(unitsText.lowercased()) }

  /// Whether the coordinates are longitudes.
  var isLongitude: Bool {
    if !standardNameText.isEmpty { return standardNameText == "longitude" && mayBeLongitude }
    return NetCDFVariable.longitudeUnits.contains(unitsText)
      || (HorizontalNames.isLongitude(shortName.lowercased()) && mayBeAngle)
  }

  /// Whether the coordinates are latitudes.
  var isLatitude: Bool {
    if !standardNameText.isEmpty { return standardNameText == "latitude" && mayBeLatitude }
    return NetCDFVariable.latitudeUnits.contains(unitsText)
      || (HorizontalNames.isLatitude(shortName.lowercased()) && mayBeAngle)
  }

  private var mayBeLongitude: Bool { !NetCDFVariable.latitudeUnits.contains(unitsText) }
  private var mayBeLatitude: Bool { !NetCDFVariable.longitudeUnits.contains(unitsText) }
}

extension AxisRole {
  init?(standardName: String) {
    switch standardName {
    case "projection_x_coordinate", "longitude", "grid_longitude",
      "projection_x_angular_coordinate":
      self = .x
    case "projection_y_coordinate", "latitude", "grid_latitude",
      "projection_y_angular_coordinate":
      self = .y
    case "time": self = .time
    case "forecast_reference_time": self = .reference
    case "forecast_period": self = .period
    case "realization": self = .member
    case "depth", "height", "altitude", "air_pressure", "geopotential_height",
      "height_above_mean_sea_level", "height_above_reference_ellipsoid",
      "height_above_geopotential_datum", "model_level_number", "sea_water_pressure", "pressure",
      "depth_below_geoid", "sea_water_sigma_theta", "air_potential_temperature",
      "sea_water_sigma_t", "height_above_sea_floor", "sea_water_pressure_due_to_sea_water":
      self = .z
    default:
      guard VerticalFormula.Kind(standardName: standardName) != nil else { return nil }
      self = .z
    }
  }

  /// Source: Unidata's Common Data Model, "_CoordinateAxisType".
  init?(coordinateAxisType: String) {
    switch coordinateAxisType {
    case "GeoX", "Lon": self = .x
    case "GeoY", "Lat": self = .y
    case "GeoZ", "Height", "Pressure": self = .z
    case "Time": self = .time
    case "RunTime": self = .reference
    case "TimeOffset": self = .period
    case "Ensemble": self = .member
    default: return nil
    }
  }

  /// The direction that models and tools mean by a dimension's name.
  init?(dimensionName: String) {
    let path = dimensionName.lowercased()
    let name = path.split(separator: "/").last.map(String.init) ?? path
    if let role = AxisRole.names[name] {
      self = role
      return
    }
    for (role, stems) in AxisRole.stems
    where stems.contains(where: { Self.isVariant(name, of: $0, role) }) {
      self = role
      return
    }
    return nil
  }

  private static let names: [String: AxisRole] = {
    var names: [String: AxisRole] = [:]
    func add(_ role: AxisRole, _ list: String) { for name in list.words { names[name] = role } }
    add(
      .x,
      """
      x nx ni i i_g xc xg xt xu xh xq easting west_east imt idm xt_ocean xu_ocean gridlon \
      cols columns column ncols pixel pixels npixels across_track xtrack scanpos ground_pixel \
      rlon nlon xgrid width
      """)
    add(
      .y,
      """
      y ny nj j j_g yc yg yt yu yh yq northing south_north jmt jdm yt_ocean yu_ocean gridlat \
      rows row nrows line lines nlines along_track atrack scan nscans scanline rlat nlat ygrid \
      height_pixels
      """)
    add(
      .z,
      """
      z nz k k_l k_u zc zl zu zp1 zt zw z_t z_w lev nlev level levels layer layers altitude alt \
      pressure plev pfull phalf sigma hybrid nav_lev bottom_top bottom_top_stag s_rho s_w \
      st_ocean sw_ocean soil_layers_stag olevel siglay siglev height depth model_level
      """)
    add(
      .time,
      """
      time times t date datetime mt ocean_time time_counter time_instant valid_time record month \
      months year xtime
      """)
    add(
      .member,
      """
      member members realization realisation number ensemble ens ens_member ensemble_member \
      nens run
      """)
    add(
      .period,
      """
      step lead leadtime lead_time forecast_period forecast_hour fhour prediction_timedelta \
      lead_day_index lead_day
      """)
    add(
      .reference,
      """
      reftime forecast_reference_time reference_time init_time initial_time analysis_time \
      forecast_date first_day_datetime initial_time0_hours
      """)
    return names
  }()

  private static let stems: [(AxisRole, [String])] = [
    (.x, ["x", "xi", "lon", "rlon", "longitude", "west_east", "xgrid", "g0_lon", "g4_lon"]),
    (.y, ["y", "eta", "lat", "rlat", "latitude", "south_north", "ygrid", "g0_lat", "g4_lat"]),
    (
      .z,
      ["depth", "dept", "plev", "lev", "height", "isobaric", "lv", "hybrid", "sigma", "pressure"]
    ),
    (.time, ["time", "forecast_time"]),
  ]

  /// Whether `name` is `stem` with a number, a letter or the name of a staggered point behind it:
  /// `x_2`, `lat1`, `xi_rho`, `deptht`, `isobaricInhPa`.
  private static func isVariant(_ name: String, of stem: String, _ role: AxisRole) -> Bool {
    guard name.hasPrefix(stem) else { return false }
    let tail = name.dropFirst(stem.count)
    let isNumbered = tail.drop { $0 == "_" }.allSatisfy(\.isNumber)
    switch role {
    case .time: return isNumbered
    case .z:
      return isNumbered
        || (tail.count <= 7 && !tail.hasPrefix("s")
          && tail.allSatisfy { $0.isLetter || $0.isNumber })
    default:
      return isNumbered || (tail.hasPrefix("_") && tail.dropFirst().allSatisfy(\.isLetter))
        || (tail.count == 1 && stem.count > 1)
    }
  }
}

/// What models call latitude and longitude.
enum HorizontalNames {
  private static let longitudes: Set<String> = [
    "lon", "lons", "longitude", "longitudes", "nav_lon", "xlong", "xlong_m", "xlong_u", "xlong_v",
    "tlon", "ulon", "tlong", "ulong", "glamt", "glamu", "glamv", "glamf", "geolon", "clon", "xlon",
    "geolon_t", "geolon_c", "lonc", "glon", "long", "mesh2d_face_x",
  ]
  private static let latitudes: Set<String> = [
    "lat", "lats", "latitude", "latitudes", "nav_lat", "xlat", "xlat_m", "xlat_u", "xlat_v",
    "tlat", "ulat", "gphit", "gphiu", "gphiv", "gphif", "geolat", "clat", "geolat_t", "geolat_c",
    "latc", "glat", "mesh2d_face_y",
  ]

  private static let staggers: Set<String> = [
    "rho", "u", "v", "psi", "t", "w", "f", "grid_t", "grid_u", "grid_v", "grid_w", "vert",
    "0", "1", "2", "3",
  ]

  static func isLongitude(_ name: String) -> Bool {
    longitudes.contains(name) || has(name, ["lon", "nav_lon", "longitude"])
  }

  static func isLatitude(_ name: String) -> Bool {
    latitudes.contains(name) || has(name, ["lat", "nav_lat", "latitude"])
  }

  /// Whether `name` is one of `stems` with the name of a staggered point behind it.
  private static func has(_ name: String, _ stems: [String]) -> Bool {
    stems.contains { stem in
      name.hasPrefix(stem + "_") && staggers.contains(String(name.dropFirst(stem.count + 1)))
    }
  }
}
