// Room: Grids. A forecast in one file, or in one file for each lead time.

public import GridFiles
import Synchronization

/// The files of one forecast, written lead time by lead time.
///
/// With one file for each lead time, each appears whole as soon as its values are there, and a run that
/// was killed goes on with those that are lacking. With one file for all, it appears when `commit` is
/// called, and a journal keeps what a killed run had done.
public final class ForecastFiles: Sendable {
  /// How lead times are shared out over files.
  public enum Split: String, Sendable {
    /// One file for all lead times.
    case one
    /// One file for each.
    case perLeadTime
  }

  /// How lead times are shared out over files.
  public let split: Split
  /// Everything but the times.
  public let description: FieldFileDescription

  private let template: PathTemplate
  private let values: [String: PathTemplate.Value]
  private let reference: CFTime
  private let writer: FieldWriter?
  private let paths = Mutex<[String]>([])

  /// Begins a forecast, or goes on with one where `resumes`.
  ///
  /// `template` may name `reference_time`, whatever is in `values`, and for one file for each lead time
  /// also `lead_time` and `valid_time`, of which it must name one. `description` is that of one file
  /// for all: `.forecast(from:)`.
  /// **Throws** `GridError`: `misuse` for a template without a lead time, or a description without a
  /// reference time; those of `FieldWriter` otherwise.
  public init(
    _ template: PathTemplate, values: [String: PathTemplate.Value] = [:],
    description: FieldFileDescription, split: Split, resumes: Bool = false
  ) throws(GridError) {
    guard let reference = description.time.referenceTimes.first,
      description.time.shape == .series
    else { throw GridError(.misuse, "a forecast needs a reference time") }
    self.template = template
    self.description = description
    self.split = split
    self.reference = reference
    var values = values
    values["reference_time"] = .time(reference)
    self.values = values
    switch split {
    case .perLeadTime:
      let names = template.names
      guard names.contains("lead_time") || names.contains("valid_time") else {
        throw GridError(
          .misuse,
          "path template '\(template)': one file for each lead time needs {lead_time} or {valid_time}"
        )
      }
      writer = nil
    case .one:
      let path = try template.path(values)
      writer =
        resumes
        ? try FieldWriter(resuming: path, description: description)
        : try FieldWriter(path: path, description: description)
      paths.withLock { $0.append(path) }
    }
  }

  /// The paths of the files that are or will be there, in the order in which they were begun.
  public var outputs: [String] { paths.withLock(\.self) }

  /// The path of the file that has `leadTime`.
  public func path(leadTime: Duration) throws(GridError) -> String {
    var values = values
    if split == .perLeadTime {
      values["lead_time"] = .duration(leadTime)
      values["valid_time"] = .time(reference.advanced(by: leadTime))
    }
    return try template.path(values)
  }

  /// Whether an earlier run has done `leadTime` of this very forecast already.
  ///
  /// **Throws** `GridError` where the template does not fit.
  public func isDone(leadTime: Duration) throws(GridError) -> Bool {
    if let writer { return writer.times.contains(reference.advanced(by: leadTime)) }
    let path = try path(leadTime: leadTime)
    guard let existing = try? NetCDFFile(path: path) else { return false }
    let single = single(leadTime)
    let expected = GlobalAttributes(description: single, times: single.time.times).compose()
    return existing.attributes.text("id") == expected.text("id")
  }

  /// Adds one lead time; with one file for each, the file is there when this returns.
  public func append(leadTime: Duration, values: [String: NetCDFValues]) throws(GridError) {
    if let writer { return try writer.append(leadTime: leadTime, values: values) }
    let path = try path(leadTime: leadTime)
    let single = try FieldWriter(path: path, description: single(leadTime))
    do throws(GridError) {
      for variable in description.variables {
        guard let array = values[variable.name] else {
          throw GridError(.misuse, path: path, variable: variable.name, "has no values")
        }
        try single.write(array, to: variable.name)
      }
      try single.commit()
    } catch {
      single.abandon()
      throw error
    }
    paths.withLock { $0.append(path) }
  }

  /// Completes the file for all lead times; does nothing where there is one for each.
  public func commit() throws(GridError) { try writer?.commit() }

  /// Removes the unfinished file for all lead times; files for one each stay, and so does a journal.
  public func abandon() { writer?.abandon() }

  private func single(_ leadTime: Duration) -> FieldFileDescription {
    var result = description
    let units = description.time.units
    result.time = .forecast(from: reference, leadTimes: [leadTime])
    result.time.units = units
    return result
  }
}
