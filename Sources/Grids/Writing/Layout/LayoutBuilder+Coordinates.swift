// Room: Grids. Vertical axes and other coordinates of a file in the making.

internal import GridFiles

extension LayoutBuilder {
  /// Adds members, thresholds and fixed heights.
  mutating func add(_ coordinate: FieldCoordinate) throws(GridFileError) {
    let isScalar = coordinate.isScalar && coordinate.values.count == 1
    if !isScalar { try addDimension(coordinate.name, coordinate.values.count) }
    var attributes = coordinate.attributes.withoutLayout
    let shape = isScalar ? [] : [coordinate.name]
    if let bounds = coordinate.bounds, bounds.count == 2 * coordinate.values.count {
      let name = names.take("\(coordinate.name)_bnds")
      attributes["bounds"] = .text(name)
      let edges = try edges()
      let variable = try file.addVariable(
        name, .double, shape.compactMap { dimensions[$0] } + [edges])
      pending.append((variable, .double(bounds), isScalar ? [2] : [coordinate.values.count, 2]))
    }
    try add(
      coordinate.name, coordinate.values.type, shape, attributes: attributes,
      values: coordinate.values)
  }

  /// Adds the vertical axes that variables use.
  mutating func addVerticalAxes() throws(GridFileError) {
    let used = Set(description.variables.compactMap(\.verticalAxis))
    for axis in description.verticalAxes where used.contains(axis.name) {
      try add(axis)
    }
  }

  private mutating func add(_ axis: VerticalAxis) throws(GridFileError) {
    let name = leafName(axis.name)
    try addDimension(name, axis.count)
    // Levels without coordinates are only counted, which CF has no variable for.
    guard axis.kind != .index || !axis.attributes.elements.isEmpty else { return }
    var attributes = axis.attributes.withoutLayout
    for element in axis.standardAttributes where attributes[element.name] == nil {
      attributes[element.name] = element.value
    }
    attributes["units"] = axis.units.isEmpty ? attributes["units"] : .text(axis.units)
    attributes["axis"] = "Z"
    attributes["positive"] = .text(axis.positive.rawValue)
    if let terms = attributes.text("formula_terms"), !isComplete(terms) {
      // A formula without its terms misleads; what is left is the bare coordinate.
      attributes["formula_terms"] = nil
    } else if attributes["computed_standard_name"] == nil {
      attributes.add("computed_standard_name", computedName(attributes.text("formula_terms")))
    }
    let type: NetCDFType = axis.type == .float ? .float : .double
    if let bounds = axis.bounds, bounds.count == 2 * axis.count {
      let boundsName = names.take(axis.boundsName.map(leafName) ?? "\(name)_bnds")
      attributes["bounds"] = .text(boundsName)
      let edges = try edges()
      guard let dimension = dimensions[name] else { return }
      let variable = try file.addVariable(boundsName, type, [dimension, edges])
      let values = NetCDFValues.double(bounds)
      pending.append((variable, values.converted(to: type) ?? values, [axis.count, 2]))
    }
    let values = NetCDFValues.double(axis.values)
    try add(
      name, type, [name], attributes: attributes, values: values.converted(to: type) ?? values)
  }

  /// What an ocean's formula gives, by what its surface and its floor are measured from.
  ///
  /// Source: CF 1.11 appendix D, table D.1.
  private func computedName(_ terms: String?) -> String? {
    let words = terms?.split(whereSeparator: \.isWhitespace).map(String.init) ?? []
    let name = { (term: String) -> String? in
      guard let index = words.firstIndex(of: term + ":"), index + 1 < words.count else {
        return nil
      }
      return description.variables.first { $0.name == words[index + 1] }?
        .attributes.text("standard_name")
    }
    guard let surface = name("eta"), let floor = name("depth") else { return nil }
    let origins = [
      ("geoid", "altitude"), ("geopotential_datum", "height_above_geopotential_datum"),
      ("reference_ellipsoid", "height_above_reference_ellipsoid"),
      ("mean_sea_level", "height_above_mean_sea_level"),
    ]
    return origins.first { origin in
      surface == "sea_surface_height_above_\(origin.0)"
        && floor == "sea_floor_depth_below_\(origin.0)"
    }?.1
  }

  /// Whether every variable that `formula_terms` names is in the file.
  func isComplete(_ terms: String) -> Bool {
    let words = terms.split(whereSeparator: \.isWhitespace).map(String.init)
    return words.filter { !$0.hasSuffix(":") }.allSatisfy(names.contains)
  }
}

extension VerticalAxis {
  /// The attributes that CF asks of the axis.
  ///
  /// Source: CF 1.11 section 4.3.
  fileprivate var standardAttributes: NetCDFAttributes {
    switch kind {
    case .depth: ["standard_name": "depth", "long_name": "depth", "units": "m"]
    case .height: ["standard_name": "height", "long_name": "height", "units": "m"]
    case .pressure: ["standard_name": "air_pressure", "long_name": "pressure", "units": "Pa"]
    case .parametric, .index: ["long_name": "level"]
    }
  }
}
