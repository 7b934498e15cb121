// Room: Grids. Writes fields as CF-1.11 NetCDF, whole or not at all.

public import GridFiles
import Synchronization

/// A file of fields in the making.
///
/// Two ways of writing go together: `write` puts values anywhere, for times known beforehand;
/// `append` adds one time with the values of all variables that change with it, and has it on the disk
/// when it returns. Then `commit`; letting the writer go without that leaves nothing. The same
/// description and values give the same bytes.
public final class FieldWriter: Sendable {
  /// The target, as the caller named it.
  public let path: String
  /// What the file holds.
  public let description: FieldFileDescription

  let file: NetCDFWriter
  let layout: FileLayout
  let progress: Mutex<Progress>

  /// What has been written so far.
  struct Progress: Sendable {
    var times: [CFTime] = []
    /// Values written, by variable.
    var written: [String: Int] = [:]
    /// Keeps what is appended until the file is whole.
    var journal: WriteJournal?
  }

  /// Creates the hidden file beside `path` and writes everything but the values.
  ///
  /// **Throws** `GridError` with the code of the file's failure, or `misuse`.
  public convenience init(
    path: String, description: FieldFileDescription
  ) throws(GridError) {
    var description = description
    if description.hasPlaces { description.grid = description.grid.withPlaces }
    let file = try files { () throws(GridFileError) in
      try NetCDFWriter(path: path, format: description.storage.format)
    }
    let layout = try files { () throws(GridFileError) in
      var builder = LayoutBuilder(file, description)
      return try builder.build()
    }
    self.init(
      file, description, layout, Progress(times: description.time.knownTimes))
  }

  init(
    _ file: NetCDFWriter, _ description: FieldFileDescription, _ layout: FileLayout,
    _ progress: Progress
  ) {
    path = file.path
    self.file = file
    self.description = description
    self.layout = layout
    self.progress = Mutex(progress)
  }

  /// The valid times that are in the file, in order.
  public var times: [CFTime] { progress.withLock(\.times) }

  /// The names and lengths of `variable`'s dimensions in the order of its values; nil where there is
  /// no such variable. The growing dimension has as many elements as there are times.
  public func dimensions(of variable: String) -> [(name: String, length: Int)]? {
    let count = times.count
    return layout.variables[variable]?.dimensions.map { ($0.name, $0.length ?? count) }
  }

  /// Writes the values of `variable` at `position`, and all of them along dimensions that it does
  /// not name: `write(layer, to: "thetao", at: ["time": 3, "depth": 0])`.
  ///
  /// **Shapes and units**: row-major in the order of `dimensions(of:)` without those named, in the
  /// variable's units; NaN is missing.
  /// **Throws** `GridError`: `misuse` for an unknown variable, a position outside or another number
  /// of values; `mismatch` for numbers that the stored type cannot hold; or the file's failure.
  public func write(
    _ values: [Float], to variable: String, at position: [String: Int] = [:]
  ) throws(GridError) {
    try write(.float(values), to: variable, at: position)
  }

  /// Writes values in double precision, flags, and others in a type of their own.
  public func write(
    _ values: NetCDFValues, to variable: String, at position: [String: Int] = [:]
  ) throws(GridError) {
    guard let stored = layout.variables[variable] else {
      throw GridError(.misuse, path: path, variable: variable, "is not described")
    }
    guard let box = stored.box(at: position, times: times.count) else {
      throw GridError(
        .misuse, path: path, variable: variable, "has no place \(Self.text(position))")
    }
    let count = box.count.reduce(1, *)
    guard count == values.count else {
      throw GridError(
        .misuse, path: path, variable: variable, "takes \(count) values, not \(values.count)")
    }
    let encoded: NetCDFValues
    do throws(Encoder.Refusal) {
      encoded = try stored.encoder.encode(values)
    } catch {
      throw GridError(.mismatch, path: path, variable: variable, error.message)
    }
    try files { () throws(GridFileError) in
      try file.write(encoded, to: stored.variable, start: box.start, count: box.count)
    }
    progress.withLock { $0.written[variable, default: 0] += count }
  }

  /// Completes the file and gives it its name.
  ///
  /// **Throws** `GridError`: `misuse` where times or values that were described are lacking, or the
  /// file's failure; nothing is left behind then.
  public func commit() throws(GridError) {
    try refuseGaps()
    try files { () throws(GridFileError) in
      if layout.series != nil, description.time.times != times {
        let attributes = GlobalAttributes(description: description, times: times).compose()
        try file.replaceAttributes(attributes)
      }
      try file.commit(hasChecksumFile: description.storage.hasChecksumFile)
    }
    progress.withLock { $0.journal.take() }?.remove()
  }

  /// Removes the unfinished file; does nothing after `commit`. A journal stays for the next run.
  public func abandon() {
    file.abandon()
    progress.withLock { $0.journal.take() }?.close()
  }

  func setJournal(_ journal: WriteJournal) { progress.withLock { $0.journal = journal } }

  private func refuseGaps() throws(GridError) {
    let (times, written) = progress.withLock { ($0.times, $0.written) }
    if layout.series != nil, let expected = description.time.count, expected != times.count {
      throw GridError(.misuse, path: path, "has \(times.count) of \(expected) times")
    }
    for (name, stored) in layout.variables.sorted(by: { $0.key < $1.key }) {
      let expected = stored.cellCount(times: times.count)
      let count = written[name] ?? 0
      guard count >= expected else {
        throw GridError(
          .misuse, path: path, variable: name,
          "has \(count) of \(expected) values; write NaN where there are none")
      }
    }
  }

  private static func text(_ position: [String: Int]) -> String {
    position.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }
}
