// Room: Grids. Reads the horizontal grid of a variable from its file, and says what had to be guessed.

internal import Foundation
internal import GridFiles

struct GridReader {
  let view: FileView
  let variable: NetCDFVariable
  let layout: VariableLayout
  /// The other files of the dataset, in which places may stand that this one lacks.
  let companions: [FileHeader]
  private var notes: [String] = []

  private var header: FileHeader { view.header }

  init(
    _ view: FileView, _ variable: NetCDFVariable, _ layout: VariableLayout,
    companions: [FileHeader] = []
  ) {
    self.view = view
    self.variable = variable
    self.layout = layout
    self.companions = companions
  }

  /// The grid; nil where the variable has none. `known` is the grid of another file of the dataset:
  /// latitudes and longitudes of all cells are taken from it where a row of them agrees.
  mutating func read(known: HorizontalGrid? = nil) throws(GridError) -> HorizontalGrid? {
    guard let xIndex = layout.x, let yIndex = layout.y else { return nil }
    let hasCells = layout.latitudeName != nil
    let x = try axis(xIndex, mayBeNumbered: hasCells)
    let y = try axis(yIndex, mayBeNumbered: hasCells)
    let mapping = mapping()
    let (latitude, longitude) = try auxiliaries(x: xIndex, y: yIndex, known)
    var grid = HorizontalGrid(
      kind: kind(x, y, hasAuxiliaries: latitude != nil && longitude != nil), x: x.axis, y: y.axis,
      mapping: mapping, latitude: latitude, longitude: longitude)
    if grid.claimsMetresButMeansKilometres, grid.kind == .projected,
      [grid.x.units, grid.y.units].contains("m")
    {
      notes.append(
        "coordinates claim metres, but the projection's ellipsoid is in kilometres: "
          + "taken as kilometres")
    }
    if grid.kind == .projected, mapping == nil {
      notes.append("the file names no grid mapping: places on Earth are not known")
    }
    grid.notes = notes
    return grid
  }

  private typealias Found = (axis: HorizontalAxis, variable: NetCDFVariable?)

  private mutating func axis(_ index: Int, mayBeNumbered: Bool) throws(GridError) -> Found {
    let dimension = variable.dimensions[index]
    guard let coordinate = coordinate(of: dimension) else {
      if !mayBeNumbered {
        notes.append("dimension '\(dimension.name)' has no coordinates: cells are numbered")
      }
      return (numbered(dimension), nil)
    }
    var values = try view.doubles(coordinate)
    if coordinate.isLongitude, let unwrapped = unwrappedLongitudes(values) {
      values = unwrapped
      notes.append("longitudes jump by 360 degrees along the axis and have been made continuous")
    }
    let rises = zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
    guard !values.isEmpty, values.allSatisfy(\.isFinite),
      rises || zip(values, values.dropFirst()).allSatisfy({ $0 > $1 })
    else {
      if mayBeNumbered {
        notes.append(
          "coordinates '\(coordinate.name)' neither rise nor fall all along the axis: "
            + "left aside, as every cell has its latitude and longitude")
        return (numbered(dimension), nil)
      }
      throw GridError(
        .layout, path: view.path, variable: coordinate.name,
        "coordinates neither rise nor fall all along the axis; repair the file")
    }
    var axis = HorizontalAxis(
      name: dimension.name, values: values, units: coordinate.unitsText,
      attributes: coordinate.attributes, type: coordinate.type)
    let found = try view.bounds(of: coordinate, count: dimension.length) {
      $0.shape == [dimension.length, 2]
    }
    if let (bounds, name) = found {
      axis.bounds = bounds
      axis.boundsName = name
    }
    explainGuess(coordinate)
    return (axis, coordinate)
  }

  private mutating func explainGuess(_ coordinate: NetCDFVariable) {
    guard coordinate.isLongitude || coordinate.isLatitude, coordinate.standardNameText.isEmpty,
      !NetCDFVariable.longitudeUnits.contains(coordinate.unitsText),
      !NetCDFVariable.latitudeUnits.contains(coordinate.unitsText)
    else { return }
    let what = coordinate.isLongitude ? "longitude" : "latitude"
    let units =
      coordinate.unitsText.isEmpty ? "has no units" : "has units '\(coordinate.unitsText)'"
    notes.append("'\(coordinate.name)' taken as \(what) because of its name; it \(units)")
  }

  private func numbered(_ dimension: NetCDFDimension) -> HorizontalAxis {
    HorizontalAxis(
      name: dimension.name, values: (0..<dimension.length).map(Double.init), units: "",
      attributes: [:])
  }

  /// The coordinate variable, or latitudes or longitudes along the dimension alone.
  private mutating func coordinate(of dimension: NetCDFDimension) -> NetCDFVariable? {
    if let found = header.coordinateVariable(of: dimension) {
      return found.type.isNumeric ? found : nil
    }
    let along = (header.listedCoordinates(of: variable).found + header.variables).filter {
      $0.dimensions == [dimension] && $0.type.isNumeric && ($0.isLatitude || $0.isLongitude)
    }
    guard let found = along.first else { return nil }
    notes.append("coordinates along '\(dimension.name)' taken from '\(found.name)'")
    return found
  }

  private func kind(_ x: Found, _ y: Found, hasAuxiliaries: Bool) -> HorizontalGrid.Kind {
    guard let xVariable = x.variable, let yVariable = y.variable else {
      return hasAuxiliaries ? .curvilinear : .index
    }
    if xVariable.isLongitude && yVariable.isLatitude { return .geographic }
    let units = x.axis.units
    if let unit = try? PhysicalUnit(units), let radian = try? PhysicalUnit("rad"),
      !units.isEmpty, units != "1", unit.isConvertible(to: radian)
    {
      return .angular
    }
    if let unit = try? PhysicalUnit(units), let metre = try? PhysicalUnit("m"),
      unit.isConvertible(to: metre)
    {
      return .projected
    }
    let isProjection = xVariable.attributes.text("standard_name") == "projection_x_coordinate"
    if isProjection { return .projected }
    return hasAuxiliaries ? .curvilinear : .index
  }

  // MARK: Projection

  private mutating func mapping() -> GridMapping? {
    if let text = variable.attributes.text("grid_mapping") {
      // The long form lists "mapping: coordinate coordinate mapping: …"; the first is the axes'.
      let name = text.split(whereSeparator: { $0.isWhitespace || $0 == ":" }).first.map(String.init)
      if let name, let found = header.variable(name, seenFrom: variable.groupPrefix) {
        return GridMapping(
          name: found.shortName, attributes: found.attributes, type: found.type)
      }
      notes.append("grid mapping '\(name ?? text)' is named but not in the file")
    }
    return mappingFromGlobalAttributes()
  }

  /// Satellite products in use put a PROJ string into a global attribute instead.
  private mutating func mappingFromGlobalAttributes() -> GridMapping? {
    if let attributes = WRFMapping.attributes(header.attributes) {
      notes.append("grid mapping made from WRF's global attribute 'MAP_PROJ'")
      return GridMapping(name: "projection", attributes: attributes)
    }
    guard let text = header.attributes.text("gdal_projection"),
      let attributes = GeostationaryMapping.attributes(proj: text)
    else { return nil }
    notes.append("geostationary grid mapping made from global attribute 'gdal_projection'")
    return GridMapping(name: "geostationary", attributes: attributes)
  }

  // MARK: Latitude and longitude of every cell

  private mutating func auxiliaries(
    x: Int, y: Int, _ known: HorizontalGrid?
  ) throws(GridError) -> (AuxiliaryCoordinate?, AuxiliaryCoordinate?) {
    let absent = header.listedCoordinates(of: variable).absent
    if !absent.isEmpty {
      notes.append("coordinates '\(absent.joined(separator: " "))' are named but not in the file")
    }
    let (xs, ys) = (variable.dimensions[x], variable.dimensions[y])
    guard let (home, latitude, longitude) = cellVariables(x: xs, y: ys) else { return (nil, nil) }
    var cells = (
      latitude: try auxiliary(latitude, in: home, x: xs, y: ys, known?.latitude),
      longitude: try auxiliary(longitude, in: home, x: xs, y: ys, known?.longitude)
    )
    let count = AuxiliaryCoordinate.removeZeros(&cells.latitude, &cells.longitude)
    if count > 0 {
      notes.append(
        "\(count) cells with latitude and longitude 0 have no place: land that was left out")
    }
    return cells
  }

  /// The variables with the places of all cells, and the file that holds them.
  private mutating func cellVariables(
    x: NetCDFDimension, y: NetCDFDimension
  ) -> (FileView, NetCDFVariable, NetCDFVariable)? {
    if let latitudeName = layout.latitudeName, let longitudeName = layout.longitudeName {
      guard let latitude = header.variable(latitudeName),
        let longitude = header.variable(longitudeName)
      else { return nil }
      return (view, latitude, longitude)
    }
    let hasCoordinates = [x, y].contains {
      header.coordinateVariable(of: $0)?.type.isNumeric == true
    }
    guard !companions.isEmpty, !hasCoordinates else { return nil }
    for companion in companions {
      guard let (latitude, longitude) = companion.cellVariables(x: x, y: y, for: variable) else {
        continue
      }
      notes.append(
        "places of the cells taken from '\(latitude.name)' and '\(longitude.name)' in "
          + "\(companion.path)")
      return (FileView(set: view.set, header: companion), latitude, longitude)
    }
    return nil
  }

  private func auxiliary(
    _ found: NetCDFVariable, in view: FileView, x: NetCDFDimension, y: NetCDFDimension,
    _ known: AuxiliaryCoordinate?
  ) throws(GridError) -> AuxiliaryCoordinate? {
    let spatial = HorizontalPair.spatial(found)
    let isTransposed = spatial == [x, y] && x != y
    guard
      isTransposed
        || (spatial.map(\.name) == [y, x].map(\.name)
          && spatial.map(\.length) == [y, x].map(\.length))
    else { return nil }
    let lead = found.dimensions.count - 2
    guard found.dimensions.prefix(lead).allSatisfy({ $0.length > 0 }) else { return nil }
    let start = [Int](repeating: 0, count: lead + 2)
    let count = [Int](repeating: 1, count: lead) + spatial.map(\.length)
    if let known, try agrees(found, in: view, known, start, count, width: x.length) { return known }
    let key = "\(view.header.number) \(found.name) \(isTransposed)"
    return try view.set.cells(key) { () throws(GridError) in
      try readCells(found, in: view, x: x, y: y, start, count, isTransposed: isTransposed)
    }
  }

  private func readCells(
    _ found: NetCDFVariable, in view: FileView, x: NetCDFDimension, y: NetCDFDimension,
    _ start: [Int],
    _ count: [Int], isTransposed: Bool
  ) throws(GridError) -> AuxiliaryCoordinate? {
    var values = try view.values(found, start: start, count: count)
    // Fill values are no places.
    guard var doubles = Packing(found).doubles(values) else { return nil }
    if isTransposed { doubles = transposed(doubles, rows: x.length, columns: y.length) }
    values = found.type == .float ? .float(doubles.map { Float($0) }) : .double(doubles)
    var attributes = found.attributes
    for name in [
      "bounds", "scale_factor", "add_offset", "_FillValue", "missing_value", "valid_range",
      "valid_min", "valid_max",
    ] { attributes[name] = nil }
    let cells = x.length &* y.length
    let corners =
      isTransposed ? nil : try corners(of: found, in: view, HorizontalPair.spatial(found), cells)
    return AuxiliaryCoordinate(
      name: found.shortName, attributes: attributes, values: values, bounds: corners?.values,
      boundsName: corners?.name)
  }

  /// The corners of all cells: `bounds_lon(y, x, nvertex)`.
  private func corners(
    of coordinate: NetCDFVariable, in view: FileView, _ spatial: [NetCDFDimension], _ cells: Int
  ) throws(GridError) -> (values: [Double], name: String)? {
    guard let name = coordinate.attributes.text("bounds"),
      let bounds = view.header.variable(name, seenFrom: coordinate.groupPrefix),
      bounds.type.isNumeric, bounds.dimensions.count == 3,
      Array(bounds.dimensions.prefix(2)) == spatial,
      let corners = bounds.dimensions.last?.length, (3...64).contains(corners), cells < 1 << 28
    else { return nil }
    return (try view.doubles(bounds), bounds.name)
  }

  /// Whether the middle row is the known one: a whole comparison would read every file's cells.
  private func agrees(
    _ found: NetCDFVariable, in view: FileView, _ known: AuxiliaryCoordinate, _ start: [Int],
    _ count: [Int],
    width: Int
  ) throws(GridError) -> Bool {
    guard let cells = known.values.doubles, let row = count.dropLast().last, row > 0,
      count.last == width, cells.count == row * width
    else { return false }
    var (start, count) = (start, count)
    start[start.count - 2] = row / 2
    count[count.count - 2] = 1
    let middle = try view.doubles(found, start: start, count: count)
    let first = row / 2 * width
    return middle.elementsEqual(cells[first..<first + width]) { $0 == $1 || ($0.isNaN && $1.isNaN) }
  }
}
