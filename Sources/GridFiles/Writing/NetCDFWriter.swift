// Room: GridFiles. Writes a NetCDF file that appears under its name only when it is complete.

internal import CNetCDF
import Synchronization

/// A NetCDF file in the making.
///
/// Describe dimensions, variables and attributes, then write values, then `commit`. Until then the
/// file has a hidden name beside its target; letting the writer go without `commit` removes it, and
/// what was at the target stays as it was. Where two writers meet at one target, the last to commit
/// wins, whole.
public final class NetCDFWriter: Sendable {
  /// A dimension of the file in the making.
  public struct Dimension: Sendable, Hashable {
    let id: DimensionID
    /// The length; 0 where it is unlimited.
    package let length: Int
  }

  /// A variable of the file in the making.
  public struct Variable: Sendable, Hashable {
    let id: VariableID
    /// The name.
    public let name: String
    /// The stored type.
    public let type: NetCDFType
    let rank: Int
  }

  /// The target, as the caller named it.
  public let path: String
  /// The format of the file.
  public let format: OutputFormat

  let handle: Int32
  private let file: TemporaryFile
  private let lock: TargetLock?
  private let isOpen = Mutex(true)

  /// Creates the hidden file beside `path`.
  ///
  /// Throws: `cannotCreate`.
  public init(path: String, format: OutputFormat = .netCDF4) throws(GridFileError) {
    let file = try TemporaryFile(for: path)
    var handle: Int32 = -1
    let status = NetCDFLibrary.status {
      nc_create(file.path, format.creationMode | NC_CLOBBER, &handle)
    }
    guard status == NC_NOERR else {
      file.discard()
      throw GridFileError(
        .cannotCreate, path: path,
        "cannot be created: \(NetCDFLibrary.words(status)); check the folder and its free space")
    }
    self.path = path
    self.format = format
    self.file = file
    self.handle = handle
    lock = nil
    leaveUnwrittenCells()
  }

  /// Opens a hidden copy of the file at `path`, to which values can be added; `commit` puts it into
  /// the file's place.
  ///
  /// Whoever reads the file meanwhile reads the old one. Only one process may do this at a time:
  /// the file is locked until the writer is done.
  /// Throws: `busy` where another process adds to the file, `noInput`, `notNetCDF`, `unsupported`
  /// for a format that cannot be written, `cannotCreate`, `inputOutput`.
  public init(appendingTo path: String) throws(GridFileError) {
    let lock = try TargetLock(path)
    let file: TemporaryFile
    do throws(GridFileError) {
      file = try TemporaryFile(for: path)
    } catch {
      lock.release()
      throw error
    }
    var handle: Int32 = -1
    var kind: Int32 = 0
    do throws(GridFileError) {
      try FileCopy.copy(path, to: file.path)
      try NetCDFLibrary.check(path, nil, "opening it for writing") {
        let status = nc_open(file.path, NC_WRITE, &handle)
        return status == NC_NOERR ? nc_inq_format(handle, &kind) : status
      }
    } catch {
      file.discard()
      lock.release()
      throw error
    }
    let formats: [Int32: OutputFormat] = [
      NC_FORMAT_CLASSIC: .classic, NC_FORMAT_64BIT_OFFSET: .offset64,
      NC_FORMAT_64BIT_DATA: .cdf5, NC_FORMAT_NETCDF4: .netCDF4,
      NC_FORMAT_NETCDF4_CLASSIC: .netCDF4Classic,
    ]
    self.path = path
    self.format = formats[kind] ?? .netCDF4
    self.file = file
    self.handle = handle
    self.lock = lock
    leaveUnwrittenCells()
  }

  deinit { abandon() }

  /// Every cell is written; filling first would write everything twice.
  private func leaveUnwrittenCells() {
    var previous: Int32 = 0
    _ = NetCDFLibrary.status { nc_set_fill(handle, NC_NOFILL, &previous) }
  }

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
  /// `storage` with an empty chunk shape leaves the layout to netCDF; formats without chunks take
  /// no notice of it. `cacheBytes` is how much of the variable is kept in memory before chunks are
  /// compressed and written.
  /// Throws: `unsupported` where a filter is not installed or the format lacks the type.
  public func addVariable(
    _ name: String, _ type: NetCDFType, _ dimensions: [Dimension],
    attributes: NetCDFAttributes = [:], storage: NetCDFStorage = .contiguous,
    cacheBytes: Int? = nil
  ) throws(GridFileError) -> Variable {
    guard format.holds(type) else {
      throw GridFileError(
        .unsupported, path: path, variable: name,
        "cannot hold type \(type.cdlName) in format \(format.rawValue); choose netcdf4")
    }
    var id: Int32 = 0
    let ids = dimensions.map(\.id.raw)
    try check(name, "adding it") {
      nc_def_var(handle, name, type.rawValue, Int32(ids.count), ids, &id)
    }
    if format.hasChunks, !dimensions.isEmpty {
      try layOut(VariableID(raw: id), name, dimensions, storage)
      if let cacheBytes { try setCache(VariableID(raw: id), name, cacheBytes) }
    }
    try put(attributes, on: VariableID(raw: id), variable: name)
    return Variable(
      id: VariableID(raw: id), name: name, type: type, rank: dimensions.count)
  }

  private func layOut(
    _ id: VariableID, _ name: String, _ dimensions: [Dimension], _ storage: NetCDFStorage
  ) throws(GridFileError) {
    if !storage.chunkShape.isEmpty {
      guard storage.chunkShape.count == dimensions.count else {
        throw GridFileError(
          .outOfBounds, path: path, variable: name, "chunks have another rank than the variable")
      }
      let chunks = zip(storage.chunkShape, dimensions).map { chunk, dimension in
        dimension.length == 0 ? max(chunk, 1) : max(1, min(chunk, dimension.length))
      }
      try check(name, "laying out chunks") {
        nc_def_var_chunking(handle, id.raw, NC_CHUNKED, chunks)
      }
    }
    if let level = storage.zstandardLevel {
      guard OutputFilter.hasZstandard else {
        throw GridFileError(
          .unsupported, path: path, variable: name,
          "cannot be compressed with Zstandard: HDF5 has no filter for it here; install netCDF's "
            + "plug-ins and name their folder in HDF5_PLUGIN_PATH, or choose deflate")
      }
      try check(name, "setting compression") {
        let shuffled =
          storage.isShuffled ? nc_def_var_deflate(handle, id.raw, 1, 0, 0) : NC_NOERR
        guard shuffled == NC_NOERR else { return shuffled }
        var level = UInt32(bitPattern: Int32(clamping: min(max(level, -7), 22)))
        return nc_def_var_filter(handle, id.raw, OutputFilter.zstandardID, 1, &level)
      }
    } else if storage.deflateLevel > 0 {
      try check(name, "setting compression") {
        nc_def_var_deflate(
          handle, id.raw, storage.isShuffled ? 1 : 0, 1,
          Int32(clamping: min(storage.deflateLevel, 9)))
      }
    }
    if storage.hasChecksum {
      try check(name, "setting checksums") {
        nc_def_var_fletcher32(handle, id.raw, NC_FLETCHER32)
      }
    }
  }

  private func setCache(_ id: VariableID, _ name: String, _ bytes: Int) throws(GridFileError) {
    try check(name, "setting its cache") {
      // A prime number of slots spreads chunks evenly; whole chunks leave first.
      nc_set_var_chunk_cache(handle, id.raw, max(bytes, 0), 10_007, 1)
    }
  }

  /// Adds or replaces attributes of the file.
  public func setAttributes(_ attributes: NetCDFAttributes) throws(GridFileError) {
    try put(attributes, on: .global, variable: nil)
  }

  /// Adds or replaces attributes of a file that is added to.
  package func replaceAttributes(_ attributes: NetCDFAttributes) throws(GridFileError) {
    // NetCDF-4 itself goes to and fro between describing and writing.
    if format != .netCDF4 { try check(nil, "changing its header") { nc_redef(handle) } }
    try put(attributes, on: .global, variable: nil)
    if format != .netCDF4 { try endDefinitions() }
  }

  /// Ends the description; values may be written from here on.
  public func endDefinitions() throws(GridFileError) {
    try check(nil, "writing its header") { nc_enddef(handle) }
  }

  /// Hands what was written to the operating system, so that a failing disk is noticed now.
  public func sync() throws(GridFileError) {
    try check(nil, "writing to disk") { nc_sync(handle) }
  }

  /// Closes the file, makes it durable and gives it its name.
  ///
  /// With `hasChecksumFile`, the file's SHA-256 stands beside it under the name with `.sha256`, in
  /// the form that `sha256sum -c` reads; at no moment does it stand beside another file than its own.
  /// Throws: `inputOutput`; nothing is left behind then.
  public func commit(hasChecksumFile: Bool = false) throws(GridFileError) {
    guard takeOpen() else {
      throw GridFileError(.outOfBounds, path: path, "is committed or abandoned already")
    }
    defer { lock?.release() }
    let status = NetCDFLibrary.status { nc_close(handle) }
    guard status == NC_NOERR else {
      file.discard()
      throw failed(status, nil, "closing")
    }
    guard hasChecksumFile else { return try file.commit() }
    try ChecksumFile.commit(file)
  }

  /// Closes and removes the unfinished file; does nothing after `commit`.
  public func abandon() {
    guard takeOpen() else { return }
    _ = NetCDFLibrary.status { nc_close(handle) }
    file.discard()
    lock?.release()
  }

  private func takeOpen() -> Bool {
    isOpen.withLock { open in
      defer { open = false }
      return open
    }
  }

  func check(
    _ variable: String?, _ doing: String, _ call: () -> Int32
  ) throws(GridFileError) {
    let status = NetCDFLibrary.status(call)
    if status != NC_NOERR { throw failed(status, variable, doing) }
  }

  private func failed(_ status: Int32, _ variable: String?, _ doing: String) -> GridFileError {
    // HDF5 does not say why a write failed; the usual reason is the disk.
    let isDisk = status == NC_EHDFERR || status > 0
    if status == NC_EVARSIZE {
      return GridFileError(
        .unsupported, path: path, variable: variable,
        "is too large for format \(format.rawValue); choose netcdf4 or cdf5")
    }
    return GridFileError(
      isDisk ? .inputOutput : .outOfBounds, path: path, variable: variable,
      isDisk
        ? "\(doing) failed (\(NetCDFLibrary.words(status))); check the disk's free space"
        : "\(doing) failed: \(NetCDFLibrary.words(status)); this is a mistake of the program")
  }
}
