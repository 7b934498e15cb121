// Room: Grids. How a field that was read is described to the writer.

import GridFiles

/// A field as it is to be written: the variable and the axes that it needs.
struct OutputField {
  let variable: FieldVariable
  let grid: HorizontalGrid
  let time: TimeAxis?
  let vertical: VerticalAxis?
  let coordinates: [FieldCoordinate]
  let notes: [String]

  /// `field` on another grid, and on other levels where `levels` is given.
  init(_ field: Field, on grid: HorizontalGrid, levels: VerticalAxis? = nil) {
    self.grid = grid
    time = field.time
    // A single level is a scalar coordinate, but scalars have no cells.
    let axis = levels ?? field.vertical
    let keepsLevels = (axis?.count ?? 1) > 1 || axis?.bounds != nil
    vertical = keepsLevels ? axis : nil
    let others = field.others.map(FieldCoordinate.init)
    var scalars = field.scalars.filter { scalar in
      // The writer says itself when and where values hold.
      !(field.time?.name == scalar.name)
    }.map(FieldCoordinate.init)
    if !keepsLevels, let level = axis { scalars.append(FieldCoordinate(level)) }
    coordinates = others + scalars
    // Codes stay what they are; measurements become single precision.
    let isCoded = field.flags != nil && field.type.isInteger && !field.packing.isPacked
    var attributes = field.attributes
    if isCoded, attributes["_FillValue"] == nil, let fill = Encoder.defaultFill(field.type) {
      attributes["_FillValue"] = fill
    }
    if attributes["coverage_content_type"] == nil {
      attributes["coverage_content_type"] =
        isCoded ? "thematicClassification" : "modelResult"
    }
    let methods = WrittenCellMethods(
      field, on: grid,
      axes: (others + scalars).map(\.name) + (vertical.map { [leafName($0.name)] } ?? []))
    attributes["cell_methods"] = methods.text.map(NetCDFValues.text)
    notes = methods.notes
    variable = FieldVariable(
      name: leafName(field.name), type: isCoded ? field.type : .float,
      extraDimensions: others.map(\.name), isTimed: field.time != nil,
      verticalAxis: vertical?.name, scalarCoordinates: scalars.map(\.name),
      attributes: attributes)
  }

  /// The names and lengths of the axes, slowest first.
  var axes: [(name: String, length: Int)] {
    coordinates.filter { !$0.isScalar }.map { ($0.name, $0.values.count) }
      + (time.map { [("time", $0.count)] } ?? []) + (vertical.map { [($0.name, $0.count)] } ?? [])
      + [(grid.y.name, grid.height), (grid.x.name, grid.width)]
  }

  /// Where values of one combination of other entries and one time go.
  func position(others: [Int], time index: Int) -> [String: Int] {
    var place: [String: Int] = [:]
    for (name, entry) in zip(variable.extraDimensions, others) { place[name] = entry }
    if time != nil { place["time"] = index }
    return place
  }
}

extension FieldFileDescription {
  /// One file of all `fields`.
  ///
  /// **Throws** `GridError` with code `mismatch` where they differ in grid, times, or in what an axis
  /// of one name holds.
  init(
    _ fields: [OutputField], metadata: FileMetadata, storage: FileStorage
  ) throws(GridError) {
    guard let first = fields.first else {
      throw GridError(.noVariable, "there is nothing to write; choose a variable")
    }
    var time: (axis: TimeAxis, name: String)?
    var axes: [VerticalAxis] = []
    var coordinates: [FieldCoordinate] = []
    for field in fields {
      let name = field.variable.name
      if let difference = field.grid.difference(from: first.grid) {
        throw GridError(
          .mismatch, variable: name,
          "lies on another grid than '\(first.variable.name)' (\(difference)); convert it by itself, "
            + "or both to one grid")
      }
      if let own = field.time {
        if let time, time.axis.times != own.times {
          throw GridError(
            .mismatch, variable: name,
            "has other times than '\(time.name)'; convert it by itself, or choose common times")
        }
        time = time ?? (own, name)
      }
      if let own = field.vertical {
        if let same = axes.first(where: { $0.name == own.name }) {
          guard same == own else {
            throw GridError(
              .mismatch, variable: name,
              "has other levels along '\(own.name)'; convert it by itself")
          }
        } else {
          axes.append(own)
        }
      }
      for own in field.coordinates {
        if let same = coordinates.first(where: { $0.name == own.name }) {
          guard same.values == own.values else {
            throw GridError(
              .mismatch, variable: name,
              "has other entries along '\(own.name)'; convert it by itself")
          }
        } else {
          coordinates.append(own)
        }
      }
    }
    self.init(
      grid: first.grid, time: time.map { FileTime($0.axis) } ?? .none, verticalAxes: axes,
      coordinates: coordinates, variables: fields.map(\.variable), metadata: metadata,
      storage: storage)
  }
}

extension FileTime {
  /// The times of a field that was read; others may be appended.
  init(_ axis: TimeAxis) {
    self = .times(axis.times, cells: axis.bounds)
    isClimatology = axis.isClimatology && cells != nil
  }
}

extension FieldCoordinate {
  /// An axis that was read.
  init(_ axis: DiscreteAxis) {
    var attributes = axis.attributes
    if attributes["units"] == nil, !axis.units.isEmpty { attributes["units"] = .text(axis.units) }
    self.init(
      name: leafName(axis.name), values: axis.values.stored(&attributes), bounds: axis.bounds,
      attributes: attributes)
  }

  /// A coordinate with one value for all.
  init(_ scalar: ScalarCoordinate) {
    var attributes = scalar.attributes
    if attributes["units"] == nil, !scalar.units.isEmpty {
      attributes["units"] = .text(scalar.units)
    }
    self.init(
      name: leafName(scalar.name), values: scalar.value.stored(&attributes), isScalar: true,
      attributes: attributes)
  }

  /// The only level of a field.
  init(_ axis: VerticalAxis) {
    var attributes = axis.attributes
    attributes["units"] = axis.units.isEmpty ? attributes["units"] : .text(axis.units)
    attributes["positive"] = .text(axis.positive.rawValue)
    attributes["axis"] = "Z"
    attributes["formula_terms"] = nil
    self.init(
      name: leafName(axis.name), values: .double(axis.values), bounds: axis.bounds, isScalar: true,
      attributes: attributes)
  }
}

extension DiscreteAxis.Values {
  /// The values as a file keeps them; instants are counted in units that go into `attributes`.
  fileprivate func stored(_ attributes: inout NetCDFAttributes) -> NetCDFValues {
    switch self {
    case .none(let count): return .int32((0..<max(count, 0)).map { Int32(clamping: $0) })
    case .numbers(let numbers): return .double(numbers)
    case .texts(let texts): return .strings(texts)
    case .times(let times):
      let units = CFTimeUnits.secondsSince1970(times.first?.calendar ?? .standard)
      attributes["units"] = .text(units.text)
      attributes["calendar"] = .text(units.calendar.rawValue)
      return .double(times.map(units.count))
    }
  }
}
