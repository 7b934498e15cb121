// Room: Grids. Adds times to a file that is there already.

internal import GridFiles
import Synchronization

extension FieldWriter {
  /// Opens a copy of the file at `path`, to which times are appended; `commit` puts the longer file in
  /// its place, and whoever reads it meanwhile reads the old one, whole.
  ///
  /// `description` is that of a file that grows: its grid, axes and variables must be the file's own.
  /// `times` says what is there already; forecasts go on after it.
  /// **Throws** `GridError`: `mismatch` where the file is of other data, `file(.busy)` where another
  /// process adds to it, or the file's failure.
  public convenience init(
    appendingTo path: String, description given: FieldFileDescription
  ) throws(GridError) {
    var description = given
    if description.hasPlaces { description.grid = description.grid.withPlaces }
    // The lock comes before the first look: what another process adds meanwhile would be lost.
    let file = try files { () throws(GridFileError) in try NetCDFWriter(appendingTo: path) }
    do throws(GridError) {
      let existing = try files { () throws(GridFileError) in try NetCDFFile(path: path) }
      let comparison = ExistingFile(existing, description)
      let (units, times) = try comparison.times()
      try comparison.refuseDifferences()
      description.time.units = units
      description.time.times = times
      description.metadata.inputHistory = existing.attributes.text("history")
      let layout = try comparison.layout(file, units)
      var progress = Progress(times: times)
      for (name, stored) in layout.variables {
        progress.written[name] = stored.cellCount(times: times.count)
      }
      self.init(file, description, layout, progress)
    } catch {
      file.abandon()
      throw error
    }
  }
}

/// A file on the disk beside the description of what is to be added to it.
private struct ExistingFile {
  let file: NetCDFFile
  let description: FieldFileDescription

  init(_ file: NetCDFFile, _ description: FieldFileDescription) {
    self.file = file
    self.description = description
  }

  private func differs(_ what: String, _ variable: String? = nil) -> GridError {
    GridError(
      .mismatch, path: file.path, variable: variable,
      "cannot be added to: \(what); write to another file")
  }

  /// The times in the file and their units.
  func times() throws(GridError) -> (CFTimeUnits, [CFTime]) {
    let time = description.time
    guard time.shape == .series, let variable = file.variable(time.name),
      variable.dimensions.count == 1
    else { throw differs("it has no series of times named '\(time.name)'") }
    guard variable.dimensions[0].isUnlimited else {
      throw differs("its number of times is fixed")
    }
    let calendarName = variable.attributes.text("calendar") ?? "standard"
    guard let calendar = CFCalendar(rawValue: calendarName),
      let units = try? CFTimeUnits(variable.attributes.text("units") ?? "", calendar: calendar),
      let values = try? file.values(of: variable), let times = units.times(values)
    else { throw differs("its times cannot be read") }
    if let reference = time.referenceTimes.first {
      guard let stored = file.variable(time.referenceName),
        let text = stored.attributes.text("units"),
        let referenceUnits = try? CFTimeUnits(text, calendar: calendar),
        let counts = try? file.values(of: stored), let found = referenceUnits.times(counts)?.first
      else { throw differs("it holds no forecast") }
      guard found == reference else {
        throw differs("it is a forecast from \(found.iso8601), not from \(reference.iso8601)")
      }
    }
    return (units, times)
  }

  /// Throws where grid, axes or variables are not those of the description.
  func refuseDifferences() throws(GridError) {
    let grid = description.grid
    try compare(leafName(grid.y.name), grid.y.writtenValues)
    try compare(leafName(grid.x.name), grid.x.writtenValues)
    let used = Set(description.variables.compactMap(\.verticalAxis))
    for axis in description.verticalAxes where used.contains(axis.name) {
      try compare(leafName(axis.name), axis.writtenValues)
    }
    for coordinate in description.coordinates {
      if let values = coordinate.values.doubles { try compare(coordinate.name, values) }
    }
    for (coordinate, name) in [(grid.latitude, "latitude"), (grid.longitude, "longitude")] {
      guard let coordinate, let values = coordinate.values.doubles,
        file.variable(leafName(coordinate.name)) != nil
      else { continue }
      do throws(GridError) {
        try compare(leafName(coordinate.name), values)
      } catch {
        throw differs("its cells have another \(name)")
      }
    }
    if let mapping = grid.writtenMapping, let stored = file.variable(leafName(mapping.name)),
      stored.attributes.text("grid_mapping_name") != mapping.projection
    {
      throw differs("it has another projection")
    }
  }

  private func compare(_ name: String, _ values: [Double]) throws(GridError) {
    guard let variable = file.variable(name) else {
      // Axes that are only counted have no variable.
      let isCounted = file.variables.contains { variable in
        variable.dimensions.contains { $0.name == name && $0.length == values.count }
      }
      if isCounted { return }
      throw differs("it has no axis '\(name)'")
    }
    guard let stored = (try? file.values(of: variable))?.doubles, stored.count == values.count
    else {
      throw differs("axis '\(name)' has another length")
    }
    let scale = values.reduce(1e-6) { max($0, $1.isFinite ? abs($1) : 0) }
    for (a, b) in zip(stored, values) where abs(a - b) > 1e-6 * scale {
      throw differs("axis '\(name)' has \(a), not \(b)")
    }
  }

  /// Where everything lies in the file.
  func layout(
    _ writer: NetCDFWriter, _ units: CFTimeUnits
  ) throws(GridError) -> FileLayout {
    let time = description.time
    let find = { (name: String) throws(GridError) -> NetCDFWriter.Variable? in
      guard let described = file.variable(name) else { return nil }
      return try files { () throws(GridFileError) in
        try writer.variable(name, like: described)
      }
    }
    guard let timeVariable = try find(time.name), let described = file.variable(time.name) else {
      throw differs("it has no times")
    }
    let boundsName =
      described.attributes.text("bounds") ?? described.attributes.text("climatology")
    guard (boundsName != nil) == (time.cells != nil) else {
      throw differs(boundsName == nil ? "it has no time bounds" : "it has time bounds")
    }
    var bounds: NetCDFWriter.Variable?
    if let boundsName { bounds = try find(boundsName) }
    var variables: [String: FileLayout.Stored] = [:]
    for variable in description.variables {
      variables[variable.name] = try stored(variable, find)
    }
    let lead = time.referenceTimes.isEmpty ? nil : try find(time.leadName)
    return FileLayout(
      series: FileLayout.Series(units: units, time: timeVariable, bounds: bounds, lead: lead),
      variables: variables)
  }

  private func stored(
    _ variable: FieldVariable,
    _ find: (String) throws(GridError) -> NetCDFWriter.Variable?
  ) throws(GridError) -> FileLayout.Stored {
    guard let described = file.variable(variable.name), let found = try find(variable.name) else {
      throw differs("it lacks the variable", variable.name)
    }
    let grid = description.grid
    var wanted = variable.extraDimensions
    if variable.isTimed { wanted.append(description.time.name) }
    if let axis = variable.verticalAxis { wanted.append(leafName(axis)) }
    if variable.isOnGrid { wanted += [leafName(grid.y.name), leafName(grid.x.name)] }
    guard described.dimensions.map(\.name) == wanted else {
      throw differs(
        "it has dimensions \(described.dimensions.map(\.name).joined(separator: ", "))",
        variable.name)
    }
    let precision = variable.precision ?? description.storage.precision
    let type = precision.storedType(variable.type)
    let encoder = Encoder(
      type: described.type,
      precision: precision.applies(to: variable.type) ? precision : .exact,
      fill: variable.attributes["_FillValue"])
    for name in ["units", "standard_name", "scale_factor", "add_offset"] {
      let here = encoder.attributes[name] ?? variable.attributes[name]
      let units = name == "units" ? here?.string.map(UnitSpelling.udunits) : here?.string
      let there = described.attributes[name]
      guard here == nil || there == here || (units != nil && there?.string == units) else {
        throw differs(
          "its \(name) is \(there?.cdl ?? "not given"), not \(here?.cdl ?? "")", variable.name)
      }
    }
    guard
      description.storage.format.narrowestType(for: type) == described.type
        || type == described.type
    else { throw differs("its type is \(described.type.cdlName)", variable.name) }
    return FileLayout.Stored(
      variable: found,
      dimensions: described.dimensions.map {
        FileLayout.Dimension(name: $0.name, length: $0.isUnlimited ? nil : $0.length)
      }, encoder: encoder)
  }
}
