// Room: Grids. Reads the levels of a variable from its file: their coordinates, direction and formula.

internal import GridFiles

struct LevelReader {
  let view: FileView
  let variable: NetCDFVariable
  let layout: VariableLayout
  private(set) var notes: [String] = []

  private var header: FileHeader { view.header }

  init(_ view: FileView, _ variable: NetCDFVariable, _ layout: VariableLayout) {
    self.view = view
    self.variable = variable
    self.layout = layout
  }

  /// The levels along the variable's vertical dimension, or its one level; nil where it has none.
  mutating func read() throws(GridError) -> VerticalAxis? {
    guard let index = layout.z else {
      guard let scalar = scalar() else { return nil }
      return try axis(scalar, name: scalar.shortName, count: 1)
    }
    let dimension = variable.dimensions[index]
    guard let coordinate = coordinate(of: dimension) else {
      return VerticalAxis(
        name: dimension.name, kind: .index, values: (0..<dimension.length).map(Double.init),
        units: "", positive: .up)
    }
    return try axis(coordinate, name: dimension.name, count: dimension.length)
  }

  private func scalar() -> NetCDFVariable? {
    header.listedCoordinates(of: variable).found.first {
      $0.count == 1 && $0.type.isNumeric && $0.axisRole == .z
    }
  }

  private mutating func coordinate(of dimension: NetCDFDimension) -> NetCDFVariable? {
    if let found = header.coordinateVariable(of: dimension) {
      return found.type.isNumeric ? found : nil
    }
    let along = header.variables.filter {
      $0.dimensions == [dimension] && $0.type.isNumeric && $0.axisRole == .z
        && !header.boundsNames.contains($0.shortName)
    }
    let listed = header.listedCoordinates(of: variable).found.map(\.name)
    guard let found = along.first(where: { listed.contains($0.name) }) ?? along.first,
      along.count == 1 || listed.contains(found.name)
    else { return nil }
    notes.append("levels along '\(dimension.name)' taken from '\(found.name)'")
    return found
  }

  private mutating func axis(
    _ coordinate: NetCDFVariable, name: String, count: Int
  ) throws(GridError) -> VerticalAxis {
    let values = try view.doubles(coordinate)
    guard values.count == count else {
      throw GridError(
        .layout, path: view.path, variable: coordinate.name,
        "has \(values.count) coordinates for \(count) levels; repair the file")
    }
    let (kind, positive) = kind(of: coordinate)
    var axis = VerticalAxis(
      name: name, kind: kind, values: values, units: coordinate.unitsText, positive: positive,
      attributes: coordinate.attributes, type: coordinate.type)
    axis.formula = formula(of: coordinate)
    // Scalars have one dimension less, and some files one more.
    let found = try view.bounds(of: coordinate, count: count) { $0.count == 2 * count }
    if let (bounds, name) = found {
      axis.bounds = bounds
      axis.boundsName = name
    }
    let rises = zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
    if !rises, !zip(values, values.dropFirst()).allSatisfy({ $0 > $1 }) {
      notes.append("levels '\(coordinate.name)' neither rise nor fall all along the axis")
    }
    return axis
  }

  private func formula(of coordinate: NetCDFVariable) -> VerticalFormula? {
    guard let kind = VerticalFormula.Kind(standardName: coordinate.standardNameText),
      let terms = coordinate.attributes.text("formula_terms")
    else { return nil }
    return VerticalFormula(kind: kind, formulaTerms: terms)
  }

  // MARK: What levels measure

  private mutating func kind(
    of coordinate: NetCDFVariable
  ) -> (VerticalAxis.Kind, VerticalAxis.Direction) {
    let written: VerticalAxis.Direction? =
      switch coordinate.attributes.text("positive")?.lowercased() {
      case "up": .up
      case "down": .down
      default: nil
      }
    let standardName = coordinate.standardNameText
    if let formula = VerticalFormula.Kind(standardName: standardName) {
      return (.parametric, written ?? (formula.isPressure ? .down : .up))
    }
    if coordinate.attributes["formula_terms"] != nil { return (.parametric, written ?? .up) }
    if standardName == "depth" || standardName.hasPrefix("depth_below") {
      return (.depth, written ?? .down)
    }
    if ["height", "altitude"].contains(standardName) || standardName.hasPrefix("height_above") {
      return (.height, written ?? .up)
    }
    return kind(ofUnits: coordinate, written)
  }

  private mutating func kind(
    ofUnits coordinate: NetCDFVariable, _ written: VerticalAxis.Direction?
  ) -> (VerticalAxis.Kind, VerticalAxis.Direction) {
    let name = coordinate.shortName.lowercased()
    let soundsDeep = ["dep", "zax"].contains { name.hasPrefix($0) } || name.contains("depth")
    guard !coordinate.unitsText.isEmpty, let unit = try? PhysicalUnit(coordinate.unitsText) else {
      return (.index, written ?? .up)
    }
    if let pascal = try? PhysicalUnit("Pa"), unit.isConvertible(to: pascal) {
      return (.pressure, .down)
    }
    guard let metre = try? PhysicalUnit("m"), unit.isConvertible(to: metre) else {
      return (.index, written ?? .up)
    }
    if let written { return (written == .down ? .depth : .height, written) }
    notes.append(
      "'\(coordinate.name)' taken as \(soundsDeep ? "depth" : "height") because of its name; "
        + "it does not say which way is positive")
    return soundsDeep ? (.depth, .down) : (.height, .up)
  }
}
