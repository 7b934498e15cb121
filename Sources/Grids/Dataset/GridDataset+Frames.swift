// Room: Grids. A dataset as frames: one horizontal field after the other in the order of time.

extension GridDataset {
  /// The times of `variable`, in order, over all files.
  ///
  /// Throws: `GridError` with code `time`, `duplicateTime`, `mismatch` or `layout`.
  public func times(of variable: GridVariable) throws(GridError) -> [CFTime] {
    try frames(of: variable).times
  }

  /// For each time of `variable`, the period that the frame sums or averages over, where given.
  public func periods(
    of variable: GridVariable
  ) throws(GridError) -> [(start: CFTime, end: CFTime)?] {
    let field = try frames(of: variable)
    guard let bounds = field.time?.bounds else { return field.times.map { _ in nil } }
    return bounds.map { ($0.start, $0.end) }
  }

  /// For each time of `variable`, the file that holds it.
  public func sources(of variable: GridVariable) throws(GridError) -> [String] {
    let field = try frames(of: variable)
    return field.times.indices.map { field.path(ofTime: $0) }
  }

  /// The grid of `variable`, the same in all files.
  public func grid(of variable: GridVariable) throws(GridError) -> HorizontalGrid {
    try field(variable).grid()
  }

  /// What had to be guessed to read `variable`, for a person.
  public func notes(of variable: GridVariable) throws(GridError) -> [String] {
    try field(variable).notes
  }

  /// The values of `variable` at the time with this index, in its own units.
  ///
  /// Shapes and units: rows along y, in the order of the file; NaN where missing.
  /// Throws: `GridError`; code `misuse` where there is no such index.
  public func frame(_ variable: GridVariable, at index: Int) throws(GridError) -> Field2D {
    let field = try frames(of: variable)
    guard field.times.indices.contains(index) else {
      throw GridError(
        .misuse, variable: variable.name,
        "has \(field.times.count) times, asked for number \(index)")
    }
    return Field2D(
      values: try field.layer(time: index), width: field.width, height: field.height,
      time: field.times[index], units: variable.units)
  }

  /// The field of `variable`, which has times and one layer at each.
  private func frames(of variable: GridVariable) throws(GridError) -> Field {
    let field = try field(variable)
    _ = try field.grid()
    if let problem = field.timeProblem { throw problem }
    let lengths =
      field.others.map { ($0.name, $0.count) }
      + (field.vertical.map { [($0.name, $0.count)] } ?? [])
    if let (name, count) = lengths.first(where: { $0.1 != 1 }) {
      throw GridError(
        .layout, path: paths[0], variable: variable.name,
        "has \(count) entries along '\(name)', which is neither time nor horizontal; "
          + "extract one first")
    }
    guard field.time != nil else {
      throw GridError(
        .time, path: paths[0], variable: variable.name,
        "has no time: no time coordinate, no global attribute, none in the file's name; "
          + "add a scalar variable with standard_name 'time'")
    }
    guard !field.times.isEmpty else {
      throw GridError(
        .time, path: paths[0], variable: variable.name, "has no frames; give a file with data")
    }
    return field
  }
}

extension Field {
  /// The first file that holds values of the time with this index.
  func path(ofTime index: Int) -> String {
    let axis = others.count
    guard selection[axis].indices.contains(index) else { return "" }
    let place = selection[axis][index]
    let piece = source.pieces(at: place, along: axis).first ?? source.pieces.first
    return piece.map { source.set.paths[$0.file] } ?? ""
  }
}
