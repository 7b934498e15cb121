// Room: GridFiles. Writes a NetCDF-4 file that appears under its name only when it is complete.

internal import CNetCDF
import Synchronization

/// A NetCDF-4 file in the making.
///
/// Describe dimensions, variables and attributes, then write values, then `commit`. Until then the
/// file has a hidden name beside its target; letting the writer go without `commit` removes it, and
/// what was at the target stays as it was.
public final class NetCDFWriter: Sendable {
  /// A dimension of the file in the making.
  public struct Dimension: Sendable, Hashable {
    let id: DimensionID
    let length: Int
  }

  /// A variable of the file in the making.
  public struct Variable: Sendable, Hashable {
    let id: VariableID
    let name: String
    let type: NetCDFType
    let rank: Int
  }

  /// The target, as the caller named it.
  public let path: String

  private let file: TemporaryFile
  private let handle: Int32
  private let isOpen = Mutex(true)

  /// Creates the hidden file beside `path`.
  ///
  /// Throws: `cannotCreate`.
  public init(path: String) throws(GridFileError) {
    let file = try TemporaryFile(for: path)
    var handle: Int32 = -1
    let status = NetCDFLibrary.status { nc_create(file.path, NC_NETCDF4 | NC_CLOBBER, &handle) }
    guard status == NC_NOERR else {
      file.discard()
      throw GridFileError(
        .cannotCreate, path: path,
        "cannot be created: \(NetCDFLibrary.words(status)); check the folder and its free space")
    }
    self.path = path
    self.file = file
    self.handle = handle
    // Every cell is written; filling first would write everything twice.
    var previous: Int32 = 0
    _ = NetCDFLibrary.status { nc_set_fill(handle, NC_NOFILL, &previous) }
  }

  deinit { abandon() }

  /// Adds a dimension; `length` nil makes it unlimited.
  public func addDimension(_ name: String, length: Int?) throws(GridFileError) -> Dimension {
    var id: Int32 = 0
    // Length 0 is how netCDF-C spells "unlimited", so an empty dimension cannot be made.
    guard length.map({ $0 > 0 }) ?? true else {
      throw GridFileError(.outOfBounds, path: path, "dimension '\(name)' would be empty")
    }
    try check(nil, "adding dimension '\(name)'") { nc_def_dim(handle, name, length ?? 0, &id) }
    return Dimension(id: DimensionID(raw: id), length: length ?? 0)
  }

  /// Adds a variable with its attributes, among them `_FillValue` where it has one.
  ///
  /// `storage` with an empty chunk shape leaves the layout to netCDF.
  public func addVariable(
    _ name: String, _ type: NetCDFType, _ dimensions: [Dimension],
    attributes: NetCDFAttributes = [:], storage: NetCDFStorage = .contiguous
  ) throws(GridFileError) -> Variable {
    var id: Int32 = 0
    let ids = dimensions.map(\.id.raw)
    try check(name, "adding it") {
      nc_def_var(handle, name, type.rawValue, Int32(ids.count), ids, &id)
    }
    if !storage.chunkShape.isEmpty {
      guard storage.chunkShape.count == dimensions.count else {
        throw GridFileError(
          .outOfBounds, path: path, variable: name, "chunks have another rank than the variable")
      }
      let chunks = zip(storage.chunkShape, dimensions).map { chunk, dimension in
        dimension.length == 0 ? max(chunk, 1) : max(1, min(chunk, dimension.length))
      }
      try check(name, "laying out chunks") { nc_def_var_chunking(handle, id, NC_CHUNKED, chunks) }
    }
    if storage.deflateLevel > 0, !dimensions.isEmpty {
      try check(name, "setting compression") {
        nc_def_var_deflate(
          handle, id, storage.isShuffled ? 1 : 0, 1, Int32(clamping: min(storage.deflateLevel, 9)))
      }
    }
    try put(attributes, on: VariableID(raw: id), variable: name)
    return Variable(
      id: VariableID(raw: id), name: name, type: type, rank: dimensions.count)
  }

  /// Adds or replaces attributes of the file.
  public func setAttributes(_ attributes: NetCDFAttributes) throws(GridFileError) {
    try put(attributes, on: .global, variable: nil)
  }

  /// Ends the description; values may be written from here on.
  public func endDefinitions() throws(GridFileError) {
    try check(nil, "writing its header") { nc_enddef(handle) }
  }

  /// Writes a box of `variable`; the values' type must be the variable's own.
  ///
  /// `start` and `count` have one entry a dimension; both are empty for a scalar.
  public func write(
    _ values: NetCDFValues, to variable: Variable, start: [Int] = [], count: [Int] = []
  ) throws(GridFileError) {
    let bytes = values.type == .string ? nil : checkedProduct(count)
    let matches = values.type == variable.type || (values.type == .char && variable.type == .char)
    guard matches, start.count == variable.rank, count.count == variable.rank,
      values.type == .string || bytes == values.count, start.allSatisfy({ $0 >= 0 })
    else {
      throw GridFileError(
        .outOfBounds, path: path, variable: variable.name,
        "cannot take \(values.count) values of type \(values.type.cdlName) as \(count)")
    }
    switch values {
    case .text(let text): try write(Array(text.utf8), variable, start, count)
    case .strings(let texts): try write(texts, variable, start, count)
    case .int8(let values): try write(values, variable, start, count)
    case .uint8(let values): try write(values, variable, start, count)
    case .int16(let values): try write(values, variable, start, count)
    case .uint16(let values): try write(values, variable, start, count)
    case .int32(let values): try write(values, variable, start, count)
    case .uint32(let values): try write(values, variable, start, count)
    case .int64(let values): try write(values, variable, start, count)
    case .uint64(let values): try write(values, variable, start, count)
    case .float(let values): try write(values, variable, start, count)
    case .double(let values): try write(values, variable, start, count)
    }
  }

  /// Hands what was written to the operating system, so that a failing disk is noticed now.
  public func sync() throws(GridFileError) {
    try check(nil, "writing to disk") { nc_sync(handle) }
  }

  /// Closes the file, makes it durable and gives it its name.
  ///
  /// Throws: `inputOutput`; nothing is left behind then.
  public func commit() throws(GridFileError) {
    let wasOpen = isOpen.withLock { open in
      defer { open = false }
      return open
    }
    guard wasOpen else {
      throw GridFileError(.outOfBounds, path: path, "is committed or abandoned already")
    }
    let status = NetCDFLibrary.status { nc_close(handle) }
    guard status == NC_NOERR else {
      file.discard()
      throw failed(status, nil, "closing")
    }
    try file.commit()
  }

  /// Closes and removes the unfinished file; does nothing after `commit`.
  public func abandon() {
    let wasOpen = isOpen.withLock { open in
      defer { open = false }
      return open
    }
    guard wasOpen else { return }
    _ = NetCDFLibrary.status { nc_close(handle) }
    file.discard()
  }

  // MARK: Parts

  private func put(
    _ attributes: NetCDFAttributes, on id: VariableID, variable: String?
  ) throws(GridFileError) {
    for attribute in attributes {
      let name = attribute.name
      let doing = "writing attribute '\(name)'"
      switch attribute.value {
      case .text(let text):
        try check(variable, doing) {
          nc_put_att_text(handle, id.raw, name, text.utf8.count, text)
        }
      case .strings(let texts):
        try withCStrings(texts) { (pointers) throws(GridFileError) in
          try check(variable, doing) {
            nc_put_att_string(handle, id.raw, name, texts.count, &pointers)
          }
        }
      case .int8(let values): try put(values, id, variable, name)
      case .uint8(let values): try put(values, id, variable, name)
      case .int16(let values): try put(values, id, variable, name)
      case .uint16(let values): try put(values, id, variable, name)
      case .int32(let values): try put(values, id, variable, name)
      case .uint32(let values): try put(values, id, variable, name)
      case .int64(let values): try put(values, id, variable, name)
      case .uint64(let values): try put(values, id, variable, name)
      case .float(let values): try put(values, id, variable, name)
      case .double(let values): try put(values, id, variable, name)
      }
    }
  }

  private func put<T: NetCDFNumber>(
    _ values: [T], _ id: VariableID, _ variable: String?, _ name: String
  ) throws(GridFileError) {
    try check(variable, "writing attribute '\(name)'") {
      values.withUnsafeBytes {
        nc_put_att(
          handle, id.raw, name, T.netCDFType.rawValue, values.count, $0.baseAddress)
      }
    }
  }

  private func write<T: NetCDFNumber>(
    _ values: [T], _ variable: Variable, _ start: [Int], _ count: [Int]
  ) throws(GridFileError) {
    try check(variable.name, "writing values") {
      values.withUnsafeBytes {
        nc_put_vara(handle, variable.id.raw, start, count, $0.baseAddress)
      }
    }
  }

  private func write(
    _ values: [String], _ variable: Variable, _ start: [Int], _ count: [Int]
  ) throws(GridFileError) {
    guard checkedProduct(count) == values.count else {
      throw GridFileError(
        .outOfBounds, path: path, variable: variable.name, "cannot take \(values.count) texts")
    }
    try withCStrings(values) { (pointers) throws(GridFileError) in
      try check(variable.name, "writing values") {
        nc_put_vara_string(handle, variable.id.raw, start, count, &pointers)
      }
    }
  }

  private func withCStrings(
    _ texts: [String],
    _ body: (inout [UnsafePointer<CChar>?]) throws(GridFileError) -> Void
  ) throws(GridFileError) {
    let copies = texts.map { text in
      let bytes = text.utf8CString
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
      for (index, byte) in bytes.enumerated() { copy[index] = byte }
      return copy
    }
    defer { for copy in copies { copy.deallocate() } }
    var pointers = copies.map { Optional(UnsafePointer($0)) }
    try body(&pointers)
  }

  private func check(
    _ variable: String?, _ doing: String, _ call: () -> Int32
  ) throws(GridFileError) {
    let status = NetCDFLibrary.status(call)
    if status != NC_NOERR { throw failed(status, variable, doing) }
  }

  private func failed(_ status: Int32, _ variable: String?, _ doing: String) -> GridFileError {
    // HDF5 does not say why a write failed; the usual reason is the disk.
    let isDisk = status == NC_EHDFERR || status > 0
    return GridFileError(
      isDisk ? .inputOutput : .outOfBounds, path: path, variable: variable,
      isDisk
        ? "\(doing) failed (\(NetCDFLibrary.words(status))); check the disk's free space"
        : "\(doing) failed: \(NetCDFLibrary.words(status)); this is a mistake of the program")
  }
}
