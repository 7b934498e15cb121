// Room: Grids. The horizontal grid of a file in the making: axes, bounds, projection, cell areas.

internal import GridFiles

extension LayoutBuilder {
  /// Adds the axes, the grid mapping, and latitude and longitude of every cell where there are any.
  mutating func addGrid() throws(GridFileError) {
    let grid = description.grid
    try addDimension(yName, grid.height)
    try addDimension(xName, grid.width)
    try add(grid.y, yName, .y)
    try add(grid.x, xName, .x)
    try addMapping()
    for (coordinate, role) in [(grid.latitude, AxisLetter.y), (grid.longitude, .x)] {
      guard let coordinate else { continue }
      try add(coordinate, role)
    }
  }

  enum AxisLetter: String {
    case x = "X"
    case y = "Y"
  }

  private mutating func add(
    _ axis: HorizontalAxis, _ name: String, _ letter: AxisLetter
  ) throws(GridFileError) {
    let grid = description.grid
    // Rows and columns without coordinates are only counted.
    guard !axis.attributes.elements.isEmpty || !axis.units.isEmpty else { return }
    var attributes = axis.attributes.withoutLayout
    let standard = grid.standardAttributes(letter)
    for element in standard where attributes[element.name] == nil || element.name == "units" {
      attributes[element.name] = element.value
    }
    if standard["units"] == nil, !axis.units.isEmpty {
      attributes["units"] = .text(grid.writtenUnits(axis))
    }
    attributes["Unit"] = nil
    attributes["axis"] = .text(letter.rawValue)
    let type: NetCDFType = axis.type == .float ? .float : .double
    if let bounds = axis.bounds ?? grid.midpointBounds(axis, letter),
      bounds.count == 2 * axis.count
    {
      let boundsName = names.take(axis.boundsName.map(leafName) ?? "\(name)_bnds")
      attributes["bounds"] = .text(boundsName)
      let edges = try edges()
      guard let dimension = dimensions[name] else { return }
      let variable = try file.addVariable(boundsName, type, [dimension, edges])
      pending.append(
        (
          variable, NetCDFValues.double(bounds).converted(to: type) ?? .double(bounds),
          [axis.count, 2]
        ))
    }
    let values = NetCDFValues.double(axis.values)
    try add(
      name, type, [name], attributes: attributes, values: values.converted(to: type) ?? values)
  }

  /// Copies the grid mapping, completed.
  private mutating func addMapping() throws(GridFileError) {
    guard let mapping = description.grid.writtenMapping else { return }
    let name = names.take(leafName(mapping.name))
    let type: NetCDFType = mapping.type.isNumeric ? mapping.type : .int32
    // The value means nothing, but an unwritten one would be noise.
    try add(
      name, type, [], attributes: mapping.attributes.withoutLayout,
      values: NetCDFValues(0, as: type))
    mappingName = name
  }

  private mutating func add(
    _ coordinate: AuxiliaryCoordinate, _ letter: AxisLetter
  ) throws(GridFileError) {
    let grid = description.grid
    let name = names.take(leafName(coordinate.name))
    var attributes = coordinate.attributes.withoutLayout
    // What stands for missing places stays: their numbers are passed on as stored.
    for kept in ["_FillValue", "scale_factor", "add_offset"] {
      attributes[kept] = coordinate.attributes[kept]
    }
    for element in HorizontalGrid.placeAttributes(letter) {
      attributes[element.name] = element.value
    }
    guard coordinate.values.count == grid.width * grid.height else {
      throw GridFileError(
        .outOfBounds, path: file.path, variable: name, "has not one place for each cell")
    }
    if let bounds = coordinate.bounds {
      attributes["bounds"] = .text(try addCorners(bounds, of: coordinate, name))
    }
    try add(
      name, coordinate.values.type, [yName, xName], attributes: attributes,
      values: coordinate.values,
      storage: gridStorage([yName, xName], size: coordinate.values.type.size))
    gridCoordinates.append(name)
  }

  /// Adds the corners of cells that each have their own place; returns the variable's name.
  private mutating func addCorners(
    _ bounds: [Double], of coordinate: AuxiliaryCoordinate, _ name: String
  ) throws(GridFileError) -> String {
    let cells = description.grid.width * description.grid.height
    let count = cells > 0 ? bounds.count / cells : 0
    guard count > 0, count * cells == bounds.count else {
      throw GridFileError(
        .outOfBounds, path: file.path, variable: name, "has not as many corners for each cell")
    }
    let cornersName = count == 2 ? "bnds" : "nvertex"
    _ = try corners(count, cornersName)
    let boundsName = names.take(coordinate.boundsName.map(leafName) ?? "\(name)_bnds")
    let type: NetCDFType = coordinate.values.type == .float ? .float : .double
    let values = NetCDFValues.double(bounds)
    try add(
      boundsName, type, [yName, xName, cornersName], attributes: [:],
      values: values.converted(to: type) ?? values,
      storage: gridStorage([yName, xName, cornersName], size: type.size))
    return boundsName
  }

  /// Adds the areas of cells, which means over areas need.
  mutating func addCellArea() throws(GridFileError) {
    guard let areas = description.cellArea else { return }
    let grid = description.grid
    guard areas.count == grid.width * grid.height else {
      throw GridFileError(.outOfBounds, path: file.path, "has not one cell area for each cell")
    }
    let name = names.take("cell_area")
    var attributes: NetCDFAttributes = [
      "standard_name": "cell_area", "long_name": "area of grid cells", "units": "m2",
      "coverage_content_type": "auxiliaryInformation",
    ]
    if let mappingName { attributes["grid_mapping"] = .text(mappingName) }
    attributes.add("coordinates", gridCoordinates.joined(separator: " "))
    try add(
      name, .double, [yName, xName], attributes: attributes, values: .double(areas),
      storage: gridStorage([yName, xName], size: 8))
    cellAreaName = name
  }
}
