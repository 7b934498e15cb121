// Room: Grids. The files of a dataset: each opened when needed, few of them open at a time.

internal import GridFiles
import Synchronization

/// Files read by number. Keeps the files used last open, so that years of files do not exhaust the
/// file descriptors, and remembers what it has read of headers and coordinates.
final class FileSet: Sendable {
  let paths: [String]

  private struct State {
    var open: [(number: Int, file: NetCDFFile)] = []
    var headers: [Int: FileHeader] = [:]
    var coordinates: [String: [Double]] = [:]
    var cells: [(key: String, value: AuxiliaryCoordinate)] = []
  }

  private let state = Mutex(State())
  private static let capacity = 32
  /// Coordinates longer than this are read again rather than kept.
  private static let longestKept = 1 << 14

  init(_ paths: [String]) { self.paths = paths }

  func file(_ number: Int) throws(GridError) -> NetCDFFile {
    let known = state.withLock { state -> NetCDFFile? in
      guard let place = state.open.lastIndex(where: { $0.number == number }) else { return nil }
      let entry = state.open.remove(at: place)
      state.open.append(entry)
      return entry.file
    }
    if let known { return known }
    let path = paths[number]
    let file = try files { () throws(GridFileError) in try NetCDFFile(path: path) }
    // What is closed is let go outside the lock: closing waits at the library's gate.
    let closed = state.withLock { state -> NetCDFFile? in
      state.open.append((number, file))
      return state.open.count > FileSet.capacity ? state.open.removeFirst().file : nil
    }
    withExtendedLifetime(closed) {}
    return file
  }

  func header(_ number: Int) throws(GridError) -> FileHeader {
    if let known = state.withLock({ $0.headers[number] }) { return known }
    let made = FileHeader(try file(number), number: number)
    state.withLock { $0.headers[number] = made }
    return made
  }

  /// The variable that `header` describes, in the file as it is now.
  private func stored(
    _ variable: NetCDFVariable, _ number: Int
  ) throws(GridError) -> (NetCDFFile, NetCDFVariable) {
    let file = try file(number)
    guard let found = file.variable(variable.name), found.shape == variable.shape else {
      throw GridError(
        .mismatch, path: paths[number], variable: variable.name,
        "changed while it was read; read complete files")
    }
    return (file, found)
  }

  func values(
    _ variable: NetCDFVariable, in number: Int, start: [Int]? = nil, count: [Int]? = nil
  ) throws(GridError) -> NetCDFValues {
    let (file, found) = try stored(variable, number)
    return try files { () throws(GridFileError) in
      try file.values(of: found, start: start, count: count)
    }
  }

  func floats(
    _ variable: NetCDFVariable, in number: Int, start: [Int], count: [Int]
  ) throws(GridError) -> [Float] {
    let (file, found) = try stored(variable, number)
    return try files { () throws(GridFileError) in
      try file.floats(of: found, start: start, count: count)
    }
  }

  func doubles(
    _ variable: NetCDFVariable, in number: Int, start: [Int]? = nil, count: [Int]? = nil
  ) throws(GridError) -> [Double] {
    let isWhole = start == nil && count == nil
    let key = "\(number) \(variable.name)"
    if isWhole, let known = state.withLock({ $0.coordinates[key] }) { return known }
    let (file, found) = try stored(variable, number)
    let read = try files { () throws(GridFileError) in
      try file.doubles(of: found, start: start, count: count)
    }
    if isWhole, read.count <= FileSet.longestKept {
      state.withLock { $0.coordinates[key] = read }
    }
    return read
  }

  /// Latitudes or longitudes of all cells, kept while they are among those used last: all variables
  /// of a file share a few of them.
  func cells(
    _ key: String, _ make: () throws(GridError) -> AuxiliaryCoordinate?
  ) throws(GridError) -> AuxiliaryCoordinate? {
    if let known = state.withLock({ $0.cells.first { $0.key == key }?.value }) { return known }
    guard let made = try make() else { return nil }
    state.withLock { state in
      state.cells.append((key, made))
      if state.cells.count > 8 { state.cells.removeFirst() }
    }
    return made
  }

  /// The texts of a variable: its strings, or its rows of characters; nil for numbers.
  func texts(_ variable: NetCDFVariable, in number: Int) throws(GridError) -> [String]? {
    guard variable.type == .char || variable.type == .string else { return nil }
    switch try values(variable, in: number) {
    case .strings(let texts): return texts.map(\.trimmingBlanks)
    case .text(let text):
      guard let width = variable.dimensions.last?.length, width > 0 else {
        return [text.trimmingBlanks]
      }
      let bytes = Array(text.utf8)
      let rows = variable.shape.dropLast().reduce(1) { $0 &* $1 }
      guard rows >= 0, rows <= 1 << 24 else { return nil }
      return (0..<rows).map { row in
        let start = min(row &* width, bytes.count)
        return String(decoding: bytes[start..<min(start + width, bytes.count)], as: UTF8.self)
          .trimmingBlanks
      }
    default: return nil
    }
  }
}

/// One file of a set, as its readers see it.
struct FileView: Sendable {
  let set: FileSet
  let header: FileHeader

  var path: String { header.path }

  func doubles(
    _ variable: NetCDFVariable, start: [Int]? = nil, count: [Int]? = nil
  ) throws(GridError) -> [Double] {
    try set.doubles(variable, in: header.number, start: start, count: count)
  }

  func values(
    _ variable: NetCDFVariable, start: [Int]? = nil, count: [Int]? = nil
  ) throws(GridError) -> NetCDFValues {
    try set.values(variable, in: header.number, start: start, count: count)
  }

  func texts(_ variable: NetCDFVariable) throws(GridError) -> [String]? {
    try set.texts(variable, in: header.number)
  }

  /// The edges of a coordinate's `count` cells, two each, and their variable's name; nil where there
  /// are none. `isPaired` says whether a variable has two edges for each cell; otherwise neighbours
  /// may share theirs.
  func bounds(
    of coordinate: NetCDFVariable, count: Int, isPaired: (NetCDFVariable) -> Bool
  ) throws(GridError) -> ([Double], String)? {
    for key in ["bounds", "edges"] {
      guard let name = coordinate.attributes.text(key),
        let bounds = header.variable(name, seenFrom: coordinate.groupPrefix), bounds.type.isNumeric
      else { continue }
      if isPaired(bounds) { return (try doubles(bounds), bounds.name) }
      if bounds.shape == [count + 1] { return (pairedEdges(try doubles(bounds)), bounds.name) }
    }
    return nil
  }
}
