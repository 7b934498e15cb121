// Room: Grids. Writes a forecast as CF-1.11 NetCDF-4, one lead time at a time, whole or not at all.

public import GridFiles
import Synchronization

/// A forecast file in the making.
///
/// Append lead times in order, then `commit`; letting the writer go without that leaves nothing.
/// Each lead time is on disk when `append` returns.
public final class ForecastWriter: Sendable {
  /// The target, as the caller named it.
  public let path: String
  /// What the file holds.
  public let description: ForecastDescription

  private let file: NetCDFWriter
  private let layout: ForecastLayout
  private let progress = Mutex<Progress>(Progress())

  private struct Progress {
    var count = 0
    var last: Duration?
  }

  /// Creates the hidden file beside `path` and writes everything but the lead times.
  ///
  /// Throws: `GridError` with the code of the file's failure, or `misuse`.
  public init(path: String, description: ForecastDescription) throws(GridError) {
    self.path = path
    self.description = description
    let writer = try files { () throws(GridFileError) in try NetCDFWriter(path: path) }
    file = writer
    layout = try files { () throws(GridFileError) in
      var builder = ForecastLayout.Builder(writer, description)
      return try builder.build()
    }
  }

  /// Writes the values of one lead time: an array a variable, by name.
  ///
  /// Shapes and units: extra dimensions, then rows, then columns, in the variable's units; `float`
  /// values may be NaN where missing.
  /// Throws: `GridError`; code `misuse` for a lead time out of order, a variable that is absent or
  /// unknown, values of another number or type.
  public func append(
    leadTime: Duration, values: [String: NetCDFValues]
  ) throws(GridError) {
    let index = try progress.withLock { (progress) throws(GridError) in
      if let last = progress.last, leadTime <= last {
        throw GridError(
          .misuse, path: path, "lead time \(leadTime.iso8601) comes after \(last.iso8601)")
      }
      if let count = description.leadTimeCount, progress.count >= count {
        throw GridError(.misuse, path: path, "was described with \(count) lead times, not more")
      }
      defer {
        progress.last = leadTime
        progress.count += 1
      }
      return progress.count
    }
    let known = Set(description.variables.map(\.name))
    guard known == Set(values.keys) else {
      throw GridError(
        .misuse, path: path,
        "takes \(known.sorted().joined(separator: ", ")) for each lead time, "
          + "not \(values.keys.sorted().joined(separator: ", "))")
    }
    let time = description.referenceTime.advanced(by: leadTime)
    try files { () throws(GridFileError) in
      try file.write(
        .double([layout.timeUnits.count(time)]), to: layout.time, start: [index], count: [1])
      try file.write(
        .double([leadTime.inMinutes]), to: layout.leadTime, start: [index], count: [1])
      for (variable, stored) in zip(description.variables, layout.variables) {
        guard let array = values[variable.name] else { continue }
        let box = stored.box(index)
        try file.write(
          ForecastWriter.encode(array, variable), to: stored.variable, start: box.start,
          count: box.count)
      }
      try file.sync()
    }
  }

  /// Writes rain rates and the like, where all variables are measurements.
  public func append(leadTime: Duration, fields: [String: [Float]]) throws(GridError) {
    try append(leadTime: leadTime, values: fields.mapValues(NetCDFValues.float))
  }

  /// Completes the file and gives it its name.
  ///
  /// Throws: `GridError`; code `misuse` where lead times that were described are lacking.
  public func commit() throws(GridError) {
    let count = progress.withLock(\.count)
    if let expected = description.leadTimeCount, expected != count {
      throw GridError(.misuse, path: path, "has \(count) of \(expected) lead times")
    }
    try files { () throws(GridFileError) in try file.commit() }
  }

  /// Removes the unfinished file; does nothing after `commit`.
  public func abandon() { file.abandon() }

  /// Rounds to the quantum and puts the fill value where a number is missing.
  private static func encode(_ values: NetCDFValues, _ variable: ForecastVariable) -> NetCDFValues {
    guard case .float(var numbers) = values else { return values }
    let fill = ForecastLayout.floatFill
    if let quantum = variable.quantum, quantum > 0 {
      let inverse = 1 / quantum
      for index in numbers.indices {
        let number = numbers[index]
        numbers[index] =
          number.isNaN ? fill : Float((Double(number) * inverse).rounded() / inverse)
      }
    } else {
      for index in numbers.indices where numbers[index].isNaN { numbers[index] = fill }
    }
    return .float(numbers)
  }
}
