// Room: Grids. Reads the horizontal grid of a variable from its file, and says what had to be guessed.

internal import Foundation
internal import GridFiles

struct GridReader {
  let file: NetCDFFile
  let variable: NetCDFVariable
  let layout: FieldLayout
  private var notes: [String] = []

  init(_ file: NetCDFFile, _ variable: NetCDFVariable, _ layout: FieldLayout) {
    self.file = file
    self.variable = variable
    self.layout = layout
  }

  mutating func read() throws(GridError) -> HorizontalGrid {
    let x = try axis(layout.x)
    let y = try axis(layout.y)
    let mapping = mapping()
    let (latitude, longitude) = try auxiliaries()
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

  private mutating func axis(_ index: Int) throws(GridError) -> Found {
    let dimension = variable.dimensions[index]
    guard let coordinate = file.coordinateVariable(of: dimension), coordinate.type.isNumeric else {
      notes.append("dimension '\(dimension.name)' has no coordinates: cells are numbered")
      let values = (0..<dimension.length).map(Double.init)
      return (
        HorizontalAxis(name: dimension.name, values: values, units: "", attributes: [:]), nil
      )
    }
    var values = try files { () throws(GridFileError) in try file.doubles(of: coordinate) }
    if coordinate.isLongitude, let unwrapped = unwrappedLongitudes(values) {
      values = unwrapped
      notes.append("longitudes jump by 360 degrees along the axis and have been made continuous")
    }
    let rises = zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
    guard !values.isEmpty, values.allSatisfy(\.isFinite),
      rises || zip(values, values.dropFirst()).allSatisfy({ $0 > $1 })
    else {
      throw GridError(
        .layout, path: file.path, variable: coordinate.name,
        "coordinates neither rise nor fall all along the axis; repair the file")
    }
    var axis = HorizontalAxis(
      name: dimension.name, values: values, units: coordinate.unitsText,
      attributes: coordinate.attributes, type: coordinate.type)
    if let name = coordinate.attributes.text("bounds"),
      let bounds = file.variable(name, seenFrom: coordinate.groupPrefix),
      bounds.shape == [dimension.length, 2], bounds.type.isNumeric
    {
      axis.bounds = try files { () throws(GridFileError) in try file.doubles(of: bounds) }
      axis.boundsName = bounds.name
    }
    return (axis, coordinate)
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
      if let name, let found = file.variable(name, seenFrom: variable.groupPrefix) {
        return GridMapping(
          name: found.shortName, attributes: found.attributes, type: found.type)
      }
      notes.append("grid mapping '\(name ?? text)' is named but not in the file")
    }
    return mappingFromGlobalAttributes()
  }

  /// Satellite products in use put a PROJ string into a global attribute instead.
  private mutating func mappingFromGlobalAttributes() -> GridMapping? {
    guard let text = file.attributes.text("gdal_projection"),
      let attributes = GeostationaryMapping.attributes(proj: text)
    else { return nil }
    notes.append("geostationary grid mapping made from global attribute 'gdal_projection'")
    return GridMapping(name: "geostationary", attributes: attributes)
  }

  // MARK: Latitude and longitude of every cell

  private mutating func auxiliaries() throws(GridError) -> (
    AuxiliaryCoordinate?, AuxiliaryCoordinate?
  ) {
    let listed = (variable.attributes.text("coordinates") ?? "")
      .split(whereSeparator: \.isWhitespace).map(String.init)
    var latitude: AuxiliaryCoordinate?
    var longitude: AuxiliaryCoordinate?
    var absent: [String] = []
    for name in listed {
      guard let found = file.variable(name, seenFrom: variable.groupPrefix) else {
        absent.append(name)
        continue
      }
      guard found.dimensions.count == 2, found.type.isNumeric else { continue }
      if found.isLatitude { latitude = try auxiliary(found) ?? latitude }
      if found.isLongitude { longitude = try auxiliary(found) ?? longitude }
    }
    if !absent.isEmpty {
      notes.append("coordinates '\(absent.joined(separator: " "))' are named but not in the file")
    }
    return (latitude, longitude)
  }

  private func auxiliary(_ found: NetCDFVariable) throws(GridError) -> AuxiliaryCoordinate? {
    let (x, y) = (variable.dimensions[layout.x], variable.dimensions[layout.y])
    let isTransposed = found.dimensions == [x, y]
    guard found.dimensions == [y, x] || isTransposed else { return nil }
    var values = try files { () throws(GridFileError) in try file.values(of: found) }
    if isTransposed {
      guard let doubles = values.doubles else { return nil }
      let turned = transposed(doubles, rows: x.length, columns: y.length)
      values = found.type == .float ? .float(turned.map { Float($0) }) : .double(turned)
    }
    var attributes = found.attributes
    attributes["bounds"] = nil
    return AuxiliaryCoordinate(name: found.shortName, attributes: attributes, values: values)
  }
}

/// Longitudes that jump by 360° once or more, as one series without jumps; nil where there are none.
func unwrappedLongitudes(_ values: [Double]) -> [Double]? {
  guard values.allSatisfy({ $0.isFinite && abs($0) <= 1e4 }),
    zip(values, values.dropFirst()).contains(where: { abs($1 - $0) > 180 })
  else { return nil }
  var turn = 0.0
  var previous = values[0]
  return values.map { value in
    turn -= ((value - previous) / 360).rounded() * 360
    previous = value
    return value + turn
  }
}

/// A row-major matrix with rows and columns exchanged.
func transposed<T>(_ values: [T], rows: Int, columns: Int) -> [T] {
  guard rows > 0, columns > 0, values.count == rows * columns else { return values }
  return [T](unsafeUninitializedCapacity: values.count) { output, count in
    // Blocks keep both the rows read and the rows written in the nearest cache.
    let block = 32
    for rowStart in stride(from: 0, to: rows, by: block) {
      for columnStart in stride(from: 0, to: columns, by: block) {
        for column in columnStart..<min(columnStart + block, columns) {
          for row in rowStart..<min(rowStart + block, rows) {
            output.initializeElement(at: column * rows + row, to: values[row * columns + column])
          }
        }
      }
    }
    count = values.count
  }
}
