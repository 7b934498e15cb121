// Room: Grids. What one file says of a variable: where and when its values lie.

internal import GridFiles

/// A variable as one file has it.
struct FieldPart: Sendable {
  var file: Int
  var variable: NetCDFVariable
  var layout: VariableLayout
  var grid: HorizontalGrid?
  var vertical: VerticalAxis?
  var time: TimeAxis?
  /// Why times along the variable's time dimension cannot be told.
  var timeProblem: GridError?
  var others: [DiscreteAxis]
  var scalars: [ScalarCoordinate]
  var notes: [String]
  /// How many of the other axes are scalar coordinates of the file, without a dimension.
  var promoted = 0

  /// Axes are kept in memory index by index.
  static let longestAxis = 1 << 27

  /// Reads what `variable` is in one file; `known` is its grid in another.
  init(
    _ view: FileView, _ variable: NetCDFVariable, known: HorizontalGrid?,
    companions: [FileHeader]
  ) throws(GridError) {
    if let endless = variable.dimensions.first(where: { $0.length > FieldPart.longestAxis }) {
      throw GridError(
        .layout, path: view.path, variable: variable.name,
        "has \(endless.length) entries along '\(endless.name)', more than one axis may have "
          + "(\(FieldPart.longestAxis)); cut the file in parts")
    }
    var layout = VariableLayout(variable, in: view.header)
    var times = TimeReader(view, variable, layout)
    do throws(GridError) {
      time = try times.read()
    } catch {
      guard let index = layout.time else { throw error }
      timeProblem = error
      layout.demoteTime(length: variable.dimensions[index].length)
    }
    var grids = GridReader(view, variable, layout, companions: companions)
    grid = try grids.read(known: known)
    var levels = LevelReader(view, variable, layout)
    vertical = try levels.read()
    let discrete = DiscreteAxisReader(view: view, variable: variable, layout: layout)
    others = try discrete.axes()
    let used = [time?.name, vertical?.name, vertical?.attributes.text("standard_name")]
    scalars = try discrete.scalars().filter { scalar in
      !used.contains(scalar.name)
        && ![layout.latitudeName, layout.longitudeName].contains(scalar.name)
    }
    file = view.header.number
    self.variable = variable
    self.layout = layout
    notes = layout.notes + (grid?.notes ?? []) + levels.notes + times.notes
  }

  /// For each axis in canonical order, the file's dimension along it.
  var dimensions: [Int?] {
    [Int?](repeating: nil, count: promoted) + layout.others.map(\.dimension) + [
      layout.time, layout.z, layout.y, layout.x,
    ]
  }
}

extension VariableLayout {
  /// Makes the time dimension one without meaning, where its times cannot be read.
  mutating func demoteTime(length: Int) {
    guard let time else { return }
    self.time = nil
    // One time that is not known is no axis.
    guard length != 1 else { return }
    others = (others + [(time, nil)]).sorted { $0.dimension < $1.dimension }
  }
}
