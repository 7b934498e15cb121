// Room: Grids. Reads what lies along the other dimensions of a variable, and its scalar coordinates.

internal import GridFiles

struct DiscreteAxisReader {
  let view: FileView
  let variable: NetCDFVariable
  let layout: VariableLayout

  private var header: FileHeader { view.header }

  /// The axes along the dimensions that are neither time, level nor horizontal.
  func axes() throws(GridError) -> [DiscreteAxis] {
    var axes: [DiscreteAxis] = []
    for other in layout.others {
      axes.append(try axis(variable.dimensions[other.dimension], other.role))
    }
    return axes
  }

  func axis(_ dimension: NetCDFDimension, _ role: AxisRole?) throws(GridError) -> DiscreteAxis {
    var kind = Self.kind(role)
    if let place = layout.points, variable.dimensions[place] == dimension { kind = .points }
    if kind == .other, header.isDiscreteSampling { kind = .points }
    guard let coordinate = coordinate(of: dimension) else {
      return DiscreteAxis(name: dimension.name, kind: kind, values: .none(count: dimension.length))
    }
    var axis = DiscreteAxis(
      name: dimension.name, kind: kind, values: try values(coordinate, dimension.length),
      units: coordinate.unitsText, attributes: coordinate.attributes)
    if case .times = axis.values, kind == .other { axis.kind = .time }
    if let name = coordinate.attributes.text("bounds"),
      let bounds = header.variable(name, seenFrom: coordinate.groupPrefix), bounds.type.isNumeric,
      bounds.shape == [dimension.length, 2]
    {
      axis.bounds = try view.doubles(bounds)
    }
    return axis
  }

  private static func kind(_ role: AxisRole?) -> DiscreteAxis.Kind {
    switch role {
    case .member: .member
    case .period: .forecastPeriod
    case .reference: .referenceTime
    case .time: .time
    case .x, .y: .horizontal
    case .z: .vertical
    case nil: .other
    }
  }

  /// The coordinate variable of the dimension, or texts along it that name its entries.
  private func coordinate(of dimension: NetCDFDimension) -> NetCDFVariable? {
    if let found = header.coordinateVariable(of: dimension), found.type != .userDefined {
      return found
    }
    let listed = header.listedCoordinates(of: variable).found
    if let found = listed.first(where: { isLabels($0, dimension) }) { return found }
    return header.variables.first {
      isLabels($0, dimension) && ($0.attributes["cf_role"] != nil || $0.name == dimension.name)
    }
  }

  private func isLabels(_ candidate: NetCDFVariable, _ dimension: NetCDFDimension) -> Bool {
    switch candidate.type {
    case .char: candidate.dimensions.count == 2 && candidate.dimensions.first == dimension
    case .string: candidate.dimensions == [dimension]
    default: false
    }
  }

  private func values(
    _ coordinate: NetCDFVariable, _ count: Int
  ) throws(GridError) -> DiscreteAxis.Values {
    if let texts = try view.texts(coordinate) {
      return texts.count == count ? .texts(texts) : .none(count: count)
    }
    let numbers = try view.doubles(coordinate)
    guard numbers.count == count else { return .none(count: count) }
    if CFTimeUnits.looksLikeTime(coordinate.unitsText) {
      let reader = TimeReader(view, variable, layout)
      if let units = try? reader.units(of: coordinate),
        let times = try? reader.instants(of: coordinate, units)
      {
        return .times(times)
      }
    }
    return .numbers(numbers)
  }

  /// Coordinates with one value for the whole variable.
  func scalars() throws(GridError) -> [ScalarCoordinate] {
    var scalars: [ScalarCoordinate] = []
    let listed = header.listedCoordinates(of: variable).found
    // A scalar with a role of its own belongs to all variables of its file, listed or not.
    let implied = header.variables.filter { candidate in
      candidate.dimensions.isEmpty && !listed.contains { $0.name == candidate.name }
        && [.member, .reference, .period].contains(
          AxisRole(standardName: candidate.standardNameText))
    }
    for coordinate in listed + implied {
      let length = coordinate.type == .char ? 1 : coordinate.count
      guard length == 1, coordinate.type != .userDefined,
        coordinate.dimensions.count <= (coordinate.type == .char ? 1 : 1)
      else { continue }
      let isAxis = coordinate.dimensions.first.map(variable.dimensions.contains) ?? false
      guard !isAxis else { continue }
      scalars.append(
        ScalarCoordinate(
          name: coordinate.shortName, value: try values(coordinate, 1),
          units: coordinate.unitsText, attributes: coordinate.attributes))
    }
    return scalars
  }
}
