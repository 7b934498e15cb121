// Room: Grids. Any number of NetCDF files as one dataset: metadata first, values on demand.

public import Foundation
public import GridFiles
import Synchronization

/// NetCDF files read as one dataset.
///
/// Making one checks all files, reads what they declare and no values. A variable may lie in one file
/// or in many, which are joined along time, level, members or as neighbouring tiles, whatever the
/// order of the files; different variables may lie in different files. Safe to use from several tasks
/// at once.
public final class GridDataset: Sendable {
  /// The files, as they were named.
  public let paths: [String]
  /// The variables of all files, in the order of the first file, then of the next.
  public let variables: [GridVariable]
  /// The attributes of the first file.
  public let attributes: NetCDFAttributes
  /// The format of the first file.
  public let format: NetCDFFormat
  /// The dimensions of the first file.
  public let dimensions: [NetCDFDimension]

  let set: FileSet
  private let headers: [FileHeader]
  /// The files that hold places of cells.
  private let gridFiles: [FileHeader]
  private let fields = Mutex<[String: Field]>([:])

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
    let set = FileSet(paths)
    self.set = set
    self.paths = paths
    try files { () throws(GridFileError) in
      for path in paths.dropFirst() { try NetCDFFile.check(path: path) }
    }
    var headers: [FileHeader] = []
    var variables: [GridVariable] = []
    var known: Set<String> = []
    for number in paths.indices {
      let header = try set.header(number)
      for variable in header.variables where known.insert(variable.name).inserted {
        variables.append(GridVariable(variable, in: header))
      }
      headers.append(header)
    }
    guard let header = headers.first, !variables.isEmpty else {
      throw GridError(.noVariable, path: first, "has no variables; give a file with data")
    }
    self.headers = headers
    gridFiles = Array(
      headers.lazy.filter { header in
        header.variables.contains { $0.isLatitude && HorizontalPair.spatial($0).count == 2 }
      }.prefix(8))
    self.variables = variables
    attributes = header.attributes
    format = header.format
    dimensions = header.dimensions
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

  /// The variable called `name` with its axes, over all files that hold it. No values are read.
  ///
  /// Throws: `GridError` with code `noVariable`, or `mismatch`, `duplicateTime`, `time`, `layout` where
  /// the files do not fit together.
  public func field(_ name: String) throws(GridError) -> Field {
    if let known = fields.withLock({ $0[name] }) { return known }
    let variable = try variable(name)
    var parts: [FieldPart] = []
    var absent: [String] = []
    for header in headers {
      guard let stored = header.variable(variable.name) else {
        absent.append(header.path)
        continue
      }
      guard stored.type.isNumeric else {
        throw GridError(
          .layout, path: header.path, variable: name,
          "holds text or compounds, not numbers; choose another variable")
      }
      let view = FileView(set: set, header: header)
      parts.append(
        try FieldPart(view, stored, known: parts.first?.grid, companions: companions(of: header)))
    }
    var field = try Field(joining: parts, named: name, of: set)
    if !absent.isEmpty, parts.count > 1 {
      field.notes.append(
        "\(absent.count) of \(paths.count) files do not hold '\(name)': "
          + absent.prefix(3).joined(separator: ", ") + (absent.count > 3 ? ", …" : ""))
    }
    let made = field
    fields.withLock { $0[name] = made }
    return made
  }

  /// The files that may hold what `header` lacks: those with other variables.
  private func companions(of header: FileHeader) -> [FileHeader] {
    headers.count > 1 ? gridFiles.filter { $0.number != header.number } : []
  }

  /// The variable's field; see `field(_:)`.
  public func field(_ variable: GridVariable) throws(GridError) -> Field {
    try field(variable.name)
  }
}
