// Room: GridFiles. An open NetCDF file: its metadata, read at once, and the handle for its values.

internal import CNetCDF

/// A NetCDF file open for reading, closed when the last reference goes.
///
/// Opening checks the file's own bytes before the C library sees them, reads all metadata and no
/// values. Groups are flattened: their variables are named by path, those of the root group plainly.
/// Safe to use from several tasks at once; calls wait for each other at the library's gate.
public final class NetCDFFile: Sendable {
  /// The file, as the caller named it.
  public let path: String
  /// The format of its bytes.
  public let format: NetCDFFormat
  /// The dimensions of all groups.
  public let dimensions: [NetCDFDimension]
  /// The variables of all groups.
  public let variables: [NetCDFVariable]
  /// The root group's attributes.
  public let attributes: NetCDFAttributes

  private let root: GroupID

  /// Opens `path` for reading.
  ///
  /// Throws: `GridFileError` with code `noInput`, `notNetCDF`, `truncated`, `corrupt` or
  /// `unsupported`.
  public init(path: String) throws(GridFileError) {
    try FilePreflight.check(path)
    var handle: Int32 = -1
    try NetCDFLibrary.check(path, nil, "opening") { nc_open(path, NC_NOWRITE, &handle) }
    let root = GroupID(raw: handle)
    do {
      var reader = MetadataReader(path: path)
      try reader.read(group: root, prefix: "")
      format = try reader.format(of: root)
      dimensions = reader.dimensions
      variables = reader.variables
      attributes = try reader.attributes(of: root, .global, count: nil)
    } catch {
      _ = NetCDFLibrary.status(reading: path) { nc_close(handle) }
      throw error
    }
    self.path = path
    self.root = root
  }

  /// Checks that `path` is a complete NetCDF file, from its own bytes and without opening it: a
  /// hundred times as fast.
  ///
  /// Throws: as `init(path:)`, for what can be told from the first bytes and the length.
  public static func check(path: String) throws(GridFileError) {
    try FilePreflight.check(path)
  }

  deinit {
    let handle = root.raw
    _ = NetCDFLibrary.status(reading: path) { nc_close(handle) }
  }

  /// The variable named `name`, or nil.
  public func variable(_ name: String) -> NetCDFVariable? {
    variables.first { $0.name == name }
  }

  /// The dimension named `name`, or nil.
  public func dimension(_ name: String) -> NetCDFDimension? {
    dimensions.first { $0.name == name }
  }
}

/// Walks the groups of an open file and collects what they declare.
private struct MetadataReader {
  let path: String
  var dimensions: [NetCDFDimension] = []
  var variables: [NetCDFVariable] = []
  private var dimensionsByID: [Int32: NetCDFDimension] = [:]
  private var depth = 0

  init(path: String) { self.path = path }

  mutating func read(group: GroupID, prefix: String) throws(GridFileError) {
    guard depth < 32 else {
      throw GridFileError(.corrupt, path: path, "groups are nested deeper than 32; flatten them")
    }
    try readDimensions(of: group, prefix: prefix)
    try readVariables(of: group, prefix: prefix)
    for child in try identifiers("listing groups", { nc_inq_grps(group.raw, $0, $1) }) {
      let name = try name("reading a group's name") { nc_inq_grpname(child, $0) }
      depth += 1
      try read(group: GroupID(raw: child), prefix: prefix + name + "/")
      depth -= 1
    }
  }

  private mutating func readDimensions(
    of group: GroupID, prefix: String
  ) throws(GridFileError) {
    let ids = try identifiers("listing dimensions") { nc_inq_dimids(group.raw, $0, $1, 0) }
    let unlimited = Set(
      try identifiers("listing unlimited dimensions") { nc_inq_unlimdims(group.raw, $0, $1) })
    for id in ids {
      var length = 0
      let name = try name("reading a dimension") { nc_inq_dim(group.raw, id, $0, &length) }
      guard length >= 0 else {
        throw GridFileError(
          .corrupt, path: path, "dimension '\(name)' is longer than memory can be; fetch it again")
      }
      let dimension = NetCDFDimension(
        name: prefix + name, length: length, isUnlimited: unlimited.contains(id))
      dimensions.append(dimension)
      dimensionsByID[id] = dimension
    }
  }

  private mutating func readVariables(
    of group: GroupID, prefix: String
  ) throws(GridFileError) {
    for id in try identifiers("listing variables", { nc_inq_varids(group.raw, $0, $1) }) {
      var rawType: Int32 = 0
      var rank: Int32 = 0
      var attributeCount: Int32 = 0
      let name = try name("reading a variable") {
        nc_inq_var(group.raw, id, $0, &rawType, &rank, nil, &attributeCount)
      }
      var dimensionIDs = [Int32](repeating: 0, count: max(Int(rank), 1))
      try NetCDFLibrary.check(path, prefix + name, "reading its dimensions") {
        nc_inq_vardimid(group.raw, id, &dimensionIDs)
      }
      var shape: [NetCDFDimension] = []
      for dimensionID in dimensionIDs.prefix(Int(rank)) {
        guard let dimension = dimensionsByID[dimensionID] else {
          throw GridFileError(
            .corrupt, path: path, variable: prefix + name,
            "names a dimension that the file lacks; fetch or write the file again")
        }
        shape.append(dimension)
      }
      let variable = VariableID(raw: id)
      variables.append(
        NetCDFVariable(
          name: prefix + name, type: type(rawType, in: group), dimensions: shape,
          attributes: try attributes(of: group, variable, count: Int(attributeCount)),
          storage: storage(of: group, id, rank: Int(rank)),
          isPrefilled: isPrefilled(group, id), group: group, id: variable))
    }
  }

  /// Enumerations read as the integers they are made of; other user-defined types are not read.
  private func type(_ raw: Int32, in group: GroupID) -> NetCDFType {
    if let type = NetCDFType(rawValue: raw), type != .userDefined { return type }
    var base: Int32 = 0
    var kind: Int32 = 0
    let status = NetCDFLibrary.status(reading: path) {
      nc_inq_user_type(group.raw, raw, nil, nil, &base, nil, &kind)
    }
    guard status == NC_NOERR, kind == NC_ENUM else { return .userDefined }
    return NetCDFType(rawValue: base) ?? .userDefined
  }

  private func storage(of group: GroupID, _ id: Int32, rank: Int) -> NetCDFStorage {
    var kind: Int32 = 0
    var chunks = [Int](repeating: 0, count: max(rank, 1))
    var shuffle: Int32 = 0
    var deflate: Int32 = 0
    var level: Int32 = 0
    let chunkStatus = NetCDFLibrary.status(reading: path) {
      nc_inq_var_chunking(group.raw, id, &kind, &chunks)
    }
    let deflateStatus = NetCDFLibrary.status(reading: path) {
      nc_inq_var_deflate(group.raw, id, &shuffle, &deflate, &level)
    }
    let isChunked = chunkStatus == NC_NOERR && kind == NC_CHUNKED
    return NetCDFStorage(
      chunkShape: isChunked ? Array(chunks.prefix(rank)) : [],
      deflateLevel: deflateStatus == NC_NOERR && deflate != 0 ? Int(level) : 0,
      isShuffled: deflateStatus == NC_NOERR && shuffle != 0)
  }

  private func isPrefilled(_ group: GroupID, _ id: Int32) -> Bool {
    var noFill: Int32 = 0
    let status = NetCDFLibrary.status(reading: path) {
      nc_inq_var_fill(group.raw, id, &noFill, nil)
    }
    return status != NC_NOERR || noFill == 0
  }

  func format(of root: GroupID) throws(GridFileError) -> NetCDFFormat {
    var raw: Int32 = 0
    try NetCDFLibrary.check(path, nil, "reading the format") { nc_inq_format(root.raw, &raw) }
    switch raw {
    case NC_FORMAT_CLASSIC: return .classic
    case NC_FORMAT_64BIT_OFFSET: return .offset64
    case NC_FORMAT_64BIT_DATA: return .data64
    case NC_FORMAT_NETCDF4_CLASSIC: return .netCDF4Classic
    default: return .netCDF4
    }
  }

  func attributes(
    of group: GroupID, _ variable: VariableID, count: Int?
  ) throws(GridFileError) -> NetCDFAttributes {
    var total = Int32(clamping: count ?? 0)
    if count == nil {
      try NetCDFLibrary.check(path, nil, "counting attributes") {
        nc_inq_natts(group.raw, &total)
      }
    }
    var result = NetCDFAttributes()
    for index in 0..<max(total, 0) {
      let name = try name("reading an attribute's name") {
        nc_inq_attname(group.raw, variable.raw, index, $0)
      }
      let reader = AttributeReader(path: path, group: group, variable: variable, name: name)
      if let value = try reader.read() { result[name] = value }
    }
    return result
  }

  private func identifiers(
    _ doing: String, _ call: (UnsafeMutablePointer<Int32>?, UnsafeMutablePointer<Int32>?) -> Int32
  ) throws(GridFileError) -> [Int32] {
    var count: Int32 = 0
    try NetCDFLibrary.check(path, nil, doing) { call(&count, nil) }
    guard count > 0 else { return [] }
    var ids = [Int32](repeating: 0, count: Int(count))
    try NetCDFLibrary.check(path, nil, doing) { call(&count, &ids) }
    return Array(ids.prefix(Int(max(count, 0))))
  }

  private func name(
    _ doing: String, _ call: (UnsafeMutablePointer<CChar>) -> Int32
  ) throws(GridFileError) -> String {
    // NC_MAX_NAME and its closing zero.
    var buffer = [CChar](repeating: 0, count: 257)
    try NetCDFLibrary.check(path, nil, doing) { call(&buffer) }
    return TextDecoder.text(buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
  }
}
