// Room: Grids. Any number of NetCDF files as one dataset along time: metadata first, values on demand.

public import Foundation
public import GridFiles
import Synchronization

/// NetCDF files read as one dataset along time.
///
/// Making one checks all files, opens the first and reads no values. Frames are read one at a time, in the order of
/// their times whatever the order of the files. Safe to use from several tasks at once.
public final class GridDataset: Sendable {
  /// The files, as they were named.
  public let paths: [String]
  /// The variables of the first file.
  public let variables: [GridVariable]
  /// The attributes of the first file.
  public let attributes: NetCDFAttributes

  private let pool: FilePool
  private let timelines = Mutex<[String: Timeline]>([:])

  /// Opens `urls` as one dataset.
  ///
  /// Throws: `GridError` with code `noFiles`, or that of the first file that cannot be opened.
  public convenience init(contentsOf urls: [URL]) throws(GridError) {
    try self.init(paths: urls.map { $0.path(percentEncoded: false) })
  }

  /// Opens the files at `paths` as one dataset.
  public init(paths: [String]) throws(GridError) {
    guard let first = paths.first else {
      throw GridError(.noFiles, "no file was given; name at least one NetCDF file")
    }
    pool = FilePool(paths)
    self.paths = paths
    try files { () throws(GridFileError) in
      for path in paths.dropFirst() { try NetCDFFile.check(path: path) }
    }
    let file = try pool.file(0)
    attributes = file.attributes
    variables = file.variables.map { GridVariable($0, in: file) }
    guard !variables.isEmpty else {
      throw GridError(.noVariable, path: first, "has no variables; give a file with data")
    }
  }

  /// The variable called `name`.
  ///
  /// Throws: `GridError` with code `noVariable`, listing what there is.
  public func variable(_ name: String) throws(GridError) -> GridVariable {
    if let found = variables.first(where: { $0.name == name }) { return found }
    let gridded = variables.filter(\.isGridded).map(\.name)
    let list = (gridded.isEmpty ? variables.map(\.name) : gridded).joined(separator: ", ")
    throw GridError(
      .noVariable, path: paths[0], "has no variable '\(name)'; it has \(list)")
  }

  /// The times of `variable`, in order, over all files.
  ///
  /// Throws: `GridError` with code `time`, `duplicateTime`, `mismatch` or `layout`.
  public func times(of variable: GridVariable) throws(GridError) -> [CFTime] {
    try timeline(of: variable).frames.map(\.time)
  }

  /// For each time of `variable`, the period that the frame sums or averages over, where given.
  public func periods(
    of variable: GridVariable
  ) throws(GridError) -> [(start: CFTime, end: CFTime)?] {
    try timeline(of: variable).frames.map(\.bounds)
  }

  /// For each time of `variable`, the file that holds it.
  public func sources(of variable: GridVariable) throws(GridError) -> [String] {
    try timeline(of: variable).frames.map { paths[$0.file] }
  }

  /// The grid of `variable`, the same in all files.
  public func grid(of variable: GridVariable) throws(GridError) -> HorizontalGrid {
    try timeline(of: variable).grid
  }

  /// What had to be guessed to read `variable`, for a person.
  public func notes(of variable: GridVariable) throws(GridError) -> [String] {
    let timeline = try timeline(of: variable)
    return timeline.grid.notes + timeline.notes
  }

  /// The values of `variable` at the time with this index, in its own units.
  ///
  /// Shapes and units: rows along y, in the order of the file; NaN where missing.
  /// Throws: `GridError`; code `misuse` where there is no such index.
  public func frame(_ variable: GridVariable, at index: Int) throws(GridError) -> Field2D {
    let timeline = try timeline(of: variable)
    guard timeline.frames.indices.contains(index) else {
      throw GridError(
        .misuse, variable: variable.name,
        "has \(timeline.frames.count) times, asked for number \(index)")
    }
    let frame = timeline.frames[index]
    let file = try pool.file(frame.file)
    let found = try gridded(variable.name, in: file)
    let (stored, layout) = (found.variable, found.layout)
    var start = [Int](repeating: 0, count: stored.dimensions.count)
    var count = [Int](repeating: 1, count: stored.dimensions.count)
    count[layout.x] = stored.dimensions[layout.x].length
    count[layout.y] = stored.dimensions[layout.y].length
    if let time = layout.time { start[time] = frame.index }
    var values = try files { () throws(GridFileError) in
      try file.floats(of: stored, start: start, count: count)
    }
    let (width, height) = (count[layout.x], count[layout.y])
    if layout.isTransposed { values = transposed(values, rows: width, columns: height) }
    guard width == timeline.grid.width, height == timeline.grid.height,
      values.count == width * height
    else {
      throw GridError(
        .mismatch, path: file.path, variable: variable.name,
        "changed its size while it was read; read complete files")
    }
    return Field2D(
      values: values, width: width, height: height, time: frame.time, units: variable.units)
  }

  // MARK: The order of time

  private struct Frame: Sendable {
    var file: Int
    var index: Int
    var time: CFTime
    var bounds: (start: CFTime, end: CFTime)?
  }

  private struct Timeline: Sendable {
    var frames: [Frame]
    var grid: HorizontalGrid
    var notes: [String]
  }

  private func timeline(of variable: GridVariable) throws(GridError) -> Timeline {
    if let known = timelines.withLock({ $0[variable.name] }) { return known }
    let made = try makeTimeline(of: variable)
    timelines.withLock { $0[variable.name] = made }
    return made
  }

  private func makeTimeline(of variable: GridVariable) throws(GridError) -> Timeline {
    var frames: [Frame] = []
    var grid: HorizontalGrid?
    var notes: [String] = []
    for (number, path) in paths.enumerated() {
      let file = try pool.file(number)
      let (stored, layout) = try gridded(variable.name, in: file)
      if let units = Optional(stored.unitsText), units != variable.units {
        throw GridError(
          .mismatch, path: path, variable: variable.name,
          "has units '\(units)', but '\(variable.units)' in \(paths[0]); give files of one kind")
      }
      var gridReader = GridReader(file, stored, layout)
      let found = try gridReader.read()
      if let first = grid, let difference = found.difference(from: first) {
        throw GridError(
          .mismatch, path: path, variable: variable.name,
          "lies on another grid than in \(paths[0]): \(difference); give files on one grid")
      }
      grid = grid ?? found
      var timeReader = TimeReader(file, stored, layout)
      for (index, time) in try timeReader.read().enumerated() {
        frames.append(Frame(file: number, index: index, time: time.time, bounds: time.bounds))
      }
      for note in timeReader.notes where !notes.contains(note) { notes.append(note) }
    }
    guard let grid, !frames.isEmpty else {
      throw GridError(
        .time, path: paths[0], variable: variable.name, "has no frames; give a file with data")
    }
    if zip(frames, frames.dropFirst()).contains(where: { $1.time < $0.time }) {
      notes.append("frames were not in the order of time and have been sorted")
      frames.sort { $0.time < $1.time }
    }
    for (a, b) in zip(frames, frames.dropFirst()) where a.time == b.time {
      let where_ =
        a.file == b.file ? "twice in \(paths[a.file])" : "in \(paths[a.file]) and \(paths[b.file])"
      throw GridError(
        .duplicateTime, variable: variable.name,
        "time \(a.time) is there \(where_); leave one out")
    }
    return Timeline(frames: frames, grid: grid, notes: notes)
  }

  private func gridded(
    _ name: String, in file: NetCDFFile
  ) throws(GridError) -> (variable: NetCDFVariable, layout: FieldLayout) {
    guard let stored = file.variable(name) else {
      throw GridError(
        .noVariable, path: file.path,
        "has no variable '\(name)' as \(paths[0]) has; give files of one kind")
    }
    guard stored.type.isNumeric, let layout = FieldLayout(stored, in: file) else {
      throw GridError(
        .layout, path: file.path, variable: name,
        "has no two horizontal dimensions; choose a variable on a grid")
    }
    if let other = layout.others.first(where: { stored.dimensions[$0].length != 1 }) {
      let dimension = stored.dimensions[other]
      throw GridError(
        .layout, path: file.path, variable: name,
        "has \(dimension.length) entries along '\(dimension.name)', which is neither time nor "
          + "horizontal; extract one first")
    }
    return (stored, layout)
  }
}

/// Keeps the files used last open, so that months of files do not exhaust the file descriptors.
private final class FilePool: Sendable {
  private let paths: [String]
  private let open = Mutex<[(index: Int, file: NetCDFFile)]>([])
  private static let capacity = 32

  init(_ paths: [String]) { self.paths = paths }

  func file(_ index: Int) throws(GridError) -> NetCDFFile {
    let known = open.withLock { open -> NetCDFFile? in
      guard let place = open.firstIndex(where: { $0.index == index }) else { return nil }
      let entry = open.remove(at: place)
      open.append(entry)
      return entry.file
    }
    if let known { return known }
    let path = paths[index]
    let file = try files { () throws(GridFileError) in try NetCDFFile(path: path) }
    open.withLock { open in
      open.append((index, file))
      if open.count > FilePool.capacity { open.removeFirst() }
    }
    return file
  }
}
