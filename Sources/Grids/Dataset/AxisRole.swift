// Room: Grids. Which way a dimension points, told by its coordinate variable or, failing that, by name.

internal import GridFiles

/// The direction of a dimension.
enum AxisRole: Sendable {
  case x, y, z, time
}

extension NetCDFFile {
  /// The coordinate variable of a dimension: the one-dimensional variable of the same name.
  func coordinateVariable(of dimension: NetCDFDimension) -> NetCDFVariable? {
    guard let variable = variable(dimension.name), variable.dimensions == [dimension] else {
      return nil
    }
    return variable
  }

  /// The variable called `name` by a variable of group `prefix`: searched there, then towards the root.
  func variable(_ name: String, seenFrom prefix: String) -> NetCDFVariable? {
    var prefix = prefix
    while true {
      if let found = variable(prefix + name) { return found }
      if prefix.isEmpty { return nil }
      let parent = prefix.dropLast()
      prefix = parent.lastIndex(of: "/").map { String(parent[...$0]) } ?? ""
    }
  }

  /// The direction of `dimension`, or nil where neither its coordinates nor its name tell.
  func role(of dimension: NetCDFDimension) -> AxisRole? {
    if let variable = coordinateVariable(of: dimension), let role = variable.axisRole {
      return role
    }
    let name = dimension.name.split(separator: "/").last.map { $0.lowercased() } ?? ""
    switch name {
    case "x", "nx", "lon", "longitude", "ni", "i", "xc", "rlon", "easting", "west_east", "nlon":
      return .x
    case "y", "ny", "lat", "latitude", "nj", "j", "yc", "rlat", "northing", "south_north", "nlat":
      return .y
    case "time", "time_counter", "valid_time", "t", "times": return .time
    case "z", "depth", "deptht", "lev", "level", "height", "altitude", "pressure", "plev":
      return .z
    default: return nil
    }
  }
}

extension NetCDFVariable {
  /// The units as written, also where the attribute is misspelt `Unit`, as some archives have it.
  var unitsText: String {
    for name in ["units", "Units", "unit", "Unit"] {
      if let text = attributes.text(name) { return text }
    }
    return ""
  }

  /// The direction that this coordinate variable's attributes tell.
  var axisRole: AxisRole? {
    switch attributes.text("axis")?.uppercased() {
    case "X": return .x
    case "Y": return .y
    case "Z": return .z
    case "T": return .time
    default: break
    }
    switch attributes.text("standard_name") {
    case "projection_x_coordinate", "longitude", "grid_longitude",
      "projection_x_angular_coordinate":
      return .x
    case "projection_y_coordinate", "latitude", "grid_latitude",
      "projection_y_angular_coordinate":
      return .y
    case "time": return .time
    case "depth", "height", "altitude", "air_pressure": return .z
    default: break
    }
    let units = unitsText
    if NetCDFVariable.longitudeUnits.contains(units) { return .x }
    if NetCDFVariable.latitudeUnits.contains(units) { return .y }
    if CFTimeUnits.looksLikeTime(units) { return .time }
    return attributes["positive"] == nil ? nil : .z
  }

  static let longitudeUnits: Set<String> = [
    "degrees_east", "degree_east", "degree_E", "degrees_E", "degreeE", "degreesE",
  ]
  static let latitudeUnits: Set<String> = [
    "degrees_north", "degree_north", "degree_N", "degrees_N", "degreeN", "degreesN",
  ]

  /// Whether the coordinates are longitudes.
  var isLongitude: Bool {
    attributes.text("standard_name") == "longitude"
      || NetCDFVariable.longitudeUnits.contains(unitsText)
      || (["lon", "longitude", "nav_lon"].contains(shortName.lowercased())
        && unitsText.lowercased().hasPrefix("deg"))
  }

  /// Whether the coordinates are latitudes.
  var isLatitude: Bool {
    attributes.text("standard_name") == "latitude"
      || NetCDFVariable.latitudeUnits.contains(unitsText)
      || (["lat", "latitude", "nav_lat"].contains(shortName.lowercased())
        && unitsText.lowercased().hasPrefix("deg"))
  }
}

/// Which dimension of a variable is which.
struct FieldLayout: Sendable, Equatable {
  var x: Int
  var y: Int
  /// The dimension along time, or nil where the variable has one time only.
  var time: Int?
  /// Dimensions of length 1 that are none of those.
  var others: [Int]

  /// Whether x varies slower than y in the file, so that values must be transposed.
  var isTransposed: Bool { x < y }

  /// Finds the dimensions of `variable`, or nil where it has no two horizontal ones.
  init?(_ variable: NetCDFVariable, in file: NetCDFFile) {
    let roles = variable.dimensions.map(file.role)
    var time = roles.firstIndex(of: .time)
    var x = roles.lastIndex(of: .x)
    var y = roles.lastIndex(of: .y)
    // Without names to go by, the last two are y and x, and an unlimited first one is time.
    let free = roles.indices.filter { roles[$0] == nil }
    if time == nil, let first = free.first, variable.dimensions[first].isUnlimited,
      roles.count > 2
    {
      time = first
    }
    let unnamed = free.filter { $0 != time }
    if x == nil, y == nil, unnamed.count >= 2 {
      (y, x) = (unnamed[unnamed.count - 2], unnamed[unnamed.count - 1])
    } else if x == nil {
      x = unnamed.last { $0 != y }
    } else if y == nil {
      y = unnamed.last { $0 != x }
    }
    guard let x, let y, x != y, x != time, y != time else { return nil }
    self.x = x
    self.y = y
    self.time = time
    others = roles.indices.filter { $0 != x && $0 != y && $0 != time }
  }
}
