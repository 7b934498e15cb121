// Room: Grids. Adds times to a file of fields, one by one.

public import GridFiles
import Synchronization

extension FieldWriter {
  /// Adds one time with the values of all variables that change with it, by name.
  ///
  /// `cell` is what time the values stand for, where the description says that there are cells.
  /// **Shapes and units**: extra dimensions, then levels, rows and columns, in the variable's units;
  /// floating-point values may be NaN where missing.
  /// **Throws** `GridError`: `misuse` for a time out of order, a variable that is absent or unknown,
  /// values of another number or type; or the file's failure.
  public func append(
    time: CFTime, cell: TimeBounds? = nil, values: [String: NetCDFValues]
  ) throws(GridError) {
    try refuse(time, cell, values)
    let (index, journal) = progress.withLock { progress in
      progress.times.append(time)
      return (progress.times.count - 1, progress.journal)
    }
    do throws(GridError) {
      if let journal,
        let piece = JournalPiece(time: time, cell: cell, values: values).bytes
      {
        try files { () throws(GridFileError) in try journal.append(piece) }
      }
      try writeTime(time, cell, index)
      for variable in timed {
        guard let array = values[variable.name] else { continue }
        try write(array, to: variable.name, at: [description.time.name: index])
      }
      try files { () throws(GridFileError) in try file.sync() }
    } catch {
      progress.withLock { _ = $0.times.popLast() }
      throw error
    }
  }

  /// Adds one time of measurements.
  public func append(
    time: CFTime, cell: TimeBounds? = nil, fields: [String: [Float]]
  ) throws(GridError) {
    try append(time: time, cell: cell, values: fields.mapValues(NetCDFValues.float))
  }

  /// Adds one lead time of a forecast.
  public func append(leadTime: Duration, values: [String: NetCDFValues]) throws(GridError) {
    guard let reference = description.time.referenceTimes.first else {
      throw GridError(.misuse, path: path, "was not described as a forecast")
    }
    try append(time: reference.advanced(by: leadTime), values: values)
  }

  /// Adds one lead time of measurements.
  public func append(leadTime: Duration, fields: [String: [Float]]) throws(GridError) {
    try append(leadTime: leadTime, values: fields.mapValues(NetCDFValues.float))
  }

  private var timed: [FieldVariable] { description.variables.filter(\.isTimed) }

  private func refuse(
    _ time: CFTime, _ cell: TimeBounds?, _ values: [String: NetCDFValues]
  ) throws(GridError) {
    guard let series = layout.series else {
      throw GridError(.misuse, path: path, "was not described as growing with time")
    }
    let times = times
    if let last = times.last, time <= last {
      throw GridError(
        .misuse, path: path, "time \(time.iso8601) does not come after \(last.iso8601)")
    }
    if let count = description.time.count, times.count >= count {
      throw GridError(.misuse, path: path, "was described with \(count) times, not more")
    }
    guard (series.bounds != nil) == (cell != nil) else {
      throw GridError(
        .misuse, path: path,
        cell == nil ? "was described with time cells; give one" : "was described without time cells"
      )
    }
    let known = Set(timed.map(\.name))
    guard known == Set(values.keys) else {
      throw GridError(
        .misuse, path: path,
        "takes \(known.sorted().joined(separator: ", ")) for each time, "
          + "not \(values.keys.sorted().joined(separator: ", "))")
    }
    for (name, array) in values.sorted(by: { $0.key < $1.key }) {
      guard let stored = layout.variables[name] else { continue }
      let count = stored.dimensions.reduce(1) { product, dimension in
        dimension.name == description.time.name ? product : product * (dimension.length ?? 1)
      }
      guard count == array.count else {
        throw GridError(
          .misuse, path: path, variable: name,
          "takes \(count) values for each time, not \(array.count)")
      }
    }
  }

  private func writeTime(_ time: CFTime, _ cell: TimeBounds?, _ index: Int) throws(GridError) {
    guard let series = layout.series else { return }
    try files { () throws(GridFileError) in
      try file.write(
        .double([series.units.count(time)]), to: series.time, start: [index], count: [1])
      if let bounds = series.bounds, let cell {
        let edges = [series.units.count(cell.start), series.units.count(cell.end)]
        try file.write(.double(edges), to: bounds, start: [index, 0], count: [1, 2])
      }
      if let lead = series.lead, let reference = description.time.referenceTimes.first {
        let minutes = time.since(reference).inMinutes
        try file.write(.double([minutes]), to: lead, start: [index], count: [1])
      }
    }
  }
}
