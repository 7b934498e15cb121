// Room: Grids. Which dimension of a variable is which.

internal import GridFiles

/// The directions of a variable's dimensions.
struct VariableLayout: Sendable, Equatable {
  var x: Int?
  var y: Int?
  var z: Int?
  /// The dimension along time, or nil where the variable has one time only.
  var time: Int?
  /// All other dimensions, in the order of the file, with what they are where that is known.
  var others: [(dimension: Int, role: AxisRole?)]
  /// Names of the variables that give latitude and longitude of every cell.
  var latitudeName: String?
  var longitudeName: String?
  /// The dimension along which places without order follow each other.
  var points: Int?
  /// What was guessed.
  var notes: [String] = []

  var isGridded: Bool { x != nil && y != nil }

  static func == (a: VariableLayout, b: VariableLayout) -> Bool {
    a.x == b.x && a.y == b.y && a.z == b.z && a.time == b.time && a.points == b.points
      && a.others.elementsEqual(b.others) { $0 == $1 }
  }

  /// Finds the directions of the dimensions of `variable`.
  init(_ variable: NetCDFVariable, in header: FileHeader) {
    others = []
    var roles = variable.dimensions.map { header.role(of: $0) }
    let names = variable.dimensions.map { "'\($0.name)'" }
    pair(variable, header, &roles)
    if x == nil, y == nil, points == nil { assignPlaces(variable, roles) }
    let taken: (Int) -> Bool = { [x, y, points] in $0 == x || $0 == y || $0 == points }
    time = roles.indices.first { roles[$0] == .time && !taken($0) }
    z = roles.indices.last { roles[$0] == .z && !taken($0) }
    if !header.isDiscreteSampling { guessFromOrder(variable, roles, names) }
    if !isGridded || x == y { (x, y) = (nil, nil) }
    if time == nil { promoteForecastAxis(variable, roles) }
    let known = [x, y, z, time].compactMap { $0 }
    others = roles.indices.filter { !known.contains($0) }.map { ($0, roles[$0]) }
  }

  /// Two-dimensional latitudes and longitudes say which dimensions are horizontal, and
  /// one-dimensional ones along one dimension that it is a list of places.
  private mutating func pair(
    _ variable: NetCDFVariable, _ header: FileHeader, _ roles: inout [AxisRole?]
  ) {
    guard let pair = HorizontalPair(of: variable, in: header) else { return }
    switch pair.dimensions.count {
    case 2 where header.isDiscreteSampling:
      latitudeName = pair.latitude.name
      longitudeName = pair.longitude.name
    case 2:
      guard let first = variable.dimensions.firstIndex(of: pair.dimensions[0]),
        let second = variable.dimensions.firstIndex(of: pair.dimensions[1])
      else { return }
      let isTransposed = roles[first] == .x || roles[second] == .y
      (y, x) = isTransposed ? (second, first) : (first, second)
      latitudeName = pair.latitude.name
      longitudeName = pair.longitude.name
      if pair.isGuess {
        notes.append(
          "places of the cells taken from '\(pair.latitude.shortName)' and "
            + "'\(pair.longitude.shortName)', which have the same dimensions")
      }
    case 1:
      guard let place = variable.dimensions.firstIndex(of: pair.dimensions[0]) else { return }
      points = place
      roles[place] = nil
      latitudeName = pair.latitude.name
      longitudeName = pair.longitude.name
    default: break
    }
  }

  private mutating func assignPlaces(_ variable: NetCDFVariable, _ roles: [AxisRole?]) {
    x = roles.lastIndex(of: .x)
    y = roles.lastIndex(of: .y)
  }

  /// Without names to go by, the last two are y and x, and an unlimited first one is time.
  private mutating func guessFromOrder(
    _ variable: NetCDFVariable, _ roles: [AxisRole?], _ names: [String]
  ) {
    guard points == nil else { return }
    let free = roles.indices.filter {
      roles[$0] == nil && $0 != x && $0 != y
        && !VariableLayout.isVertexDimension(variable.dimensions[$0])
    }
    if time == nil, let first = free.first, variable.dimensions[first].isUnlimited,
      roles.count > 2, !roles.contains(.reference), !roles.contains(.period)
    {
      time = first
      notes.append("dimension \(names[first]) taken as time, because it is unlimited")
    }
    let unnamed = free.filter { $0 != time }
    if x == nil, y == nil, unnamed.count >= 2 {
      (y, x) = (unnamed[unnamed.count - 2], unnamed[unnamed.count - 1])
      notes.append(
        "dimensions \(names[unnamed[unnamed.count - 2]]) and \(names[unnamed[unnamed.count - 1]]) "
          + "taken as rows and columns, because they come last")
    } else if x == nil, y != nil, let found = unnamed.last {
      x = found
      notes.append("dimension \(names[found]) taken as columns, because no other is left")
    } else if y == nil, x != nil, let found = unnamed.last {
      y = found
      notes.append("dimension \(names[found]) taken as rows, because no other is left")
    }
  }

  /// Whether a dimension only counts the corners of cells or the letters of texts.
  static func isVertexDimension(_ dimension: NetCDFDimension) -> Bool {
    let name = dimension.name.lowercased().split(separator: "/").last.map(String.init) ?? ""
    return [
      "bnds", "nbnds", "bounds", "nbounds", "nv", "nvertex", "nvertices", "vertices", "vertex",
      "axis_nbounds", "two", "n2", "d2", "bnds_4", "tbnds", "bnd", "four", "nb2", "corners",
    ].contains(name) || name.hasPrefix("string") || name.hasSuffix("strlen")
      || name.hasSuffix("len") && dimension.length <= 256 || name.hasSuffix("edges")
  }

  /// A forecast's axes stand for time where there is no other: the one that has several entries.
  private mutating func promoteForecastAxis(
    _ variable: NetCDFVariable, _ roles: [AxisRole?]
  ) {
    let period = roles.firstIndex(of: .period)
    let reference = roles.firstIndex(of: .reference)
    let isMany = { (place: Int?) in place.map { variable.dimensions[$0].length > 1 } ?? false }
    if isMany(period), isMany(reference) { return }
    time = isMany(reference) ? reference : period ?? reference
  }
}

/// The latitudes and longitudes that belong to a variable, beside its axes.
struct HorizontalPair {
  var latitude: NetCDFVariable
  var longitude: NetCDFVariable
  /// One dimension for places without order, two for the cells of a grid.
  var dimensions: [NetCDFDimension]
  /// Whether the variable itself does not name them.
  var isGuess: Bool

  init?(of variable: NetCDFVariable, in header: FileHeader) {
    let listed = header.listedCoordinates(of: variable).found
    if let pair = HorizontalPair(variable, listed, isGuess: false) {
      self = pair
      return
    }
    // Cells with one-dimensional coordinates of their own need no others.
    let roles = variable.dimensions.compactMap { dimension in
      header.coordinateVariable(of: dimension).flatMap {
        $0.isLongitude ? 1 : $0.isLatitude ? 2 : nil
      }
    }
    guard !(roles.contains(1) && roles.contains(2)) else { return nil }
    let others = header.variables.filter {
      $0.groupPrefix == variable.groupPrefix || $0.groupPrefix.isEmpty
    }
    guard let pair = HorizontalPair(variable, others, isGuess: true) else { return nil }
    self = pair
  }

  private init?(_ variable: NetCDFVariable, _ candidates: [NetCDFVariable], isGuess: Bool) {
    let usable = candidates.filter {
      $0.type.isNumeric && $0.name != variable.name
        && !HorizontalPair.spatial($0).isEmpty
        && HorizontalPair.spatial($0).allSatisfy(variable.dimensions.contains)
    }
    let latitudes = usable.filter(\.isLatitude)
    let longitudes = usable.filter(\.isLongitude)
    for rank in [2, 1] {
      for latitude in latitudes where HorizontalPair.spatial(latitude).count == rank {
        let dimensions = HorizontalPair.spatial(latitude)
        guard let longitude = longitudes.first(where: { HorizontalPair.spatial($0) == dimensions })
        else { continue }
        self.latitude = latitude
        self.longitude = longitude
        self.dimensions = dimensions
        self.isGuess = isGuess
        return
      }
    }
    return nil
  }

  /// The dimensions of coordinates without a leading time, which some models repeat them along.
  static func spatial(_ variable: NetCDFVariable) -> [NetCDFDimension] {
    guard variable.dimensions.count == 3, let first = variable.dimensions.first,
      AxisRole(dimensionName: first.name) == .time
    else { return variable.dimensions }
    return Array(variable.dimensions.dropFirst())
  }
}

extension FileHeader {
  /// The direction of `dimension`, or nil where neither its coordinates nor its name tell.
  func role(of dimension: NetCDFDimension) -> AxisRole? {
    if let variable = coordinateVariable(of: dimension), let role = variable.axisRole {
      return role
    }
    if let role = AxisRole(dimensionName: dimension.name) { return role }
    if let coordinate = coordinateVariable(of: dimension) {
      if coordinate.isLongitude { return .x }
      if coordinate.isLatitude { return .y }
    }
    // A coordinate of another name along the dimension alone, such as NEMO's time_centered.
    let along = variables.filter { $0.dimensions == [dimension] }
    let roles = Set(along.compactMap(\.axisRole))
    return roles.count == 1 && along.contains { coordinateNames.contains($0.shortName) }
      ? roles.first : nil
  }
}

extension FileHeader {
  /// Latitudes and longitudes of the cells along `y` and `x` for a variable of another file, which is
  /// known to have the same dimensions by their names and lengths.
  func cellVariables(
    x: NetCDFDimension, y: NetCDFDimension, for variable: NetCDFVariable
  ) -> (latitude: NetCDFVariable, longitude: NetCDFVariable)? {
    let isAlong = { (candidate: NetCDFVariable) in
      let dimensions = HorizontalPair.spatial(candidate)
      return candidate.type.isNumeric && dimensions.map(\.name) == [y.name, x.name]
        && dimensions.map(\.length) == [y.length, x.length]
    }
    let latitudes = variables.filter { $0.isLatitude && isAlong($0) }
    let longitudes = variables.filter { $0.isLongitude && isAlong($0) }
    guard !latitudes.isEmpty, !longitudes.isEmpty else { return nil }
    // Staggered places end in the letter that the level's dimension ends in: depthu, glamu.
    let level = variable.dimensions.map(\.name).first { $0.hasPrefix("dept") && $0.count == 6 }
    let stagger = level?.last ?? "t"
    let pick = { (found: [NetCDFVariable]) in
      found.first { ["gphi", "glam"].contains($0.name.dropLast()) && $0.name.last == stagger }
        ?? found[0]
    }
    return (pick(latitudes), pick(longitudes))
  }
}
