// Room: GridFiles. A file open in netCDF-C: opened by its descriptor, read box by box, closed when it goes.

internal import CNetCDF

final class LibrarySource: FileSource {
  let path: String
  private let handle: Int32
  private let identity: FileIdentity

  /// Opens the file at `path` and reads what it says about itself.
  static func open(
    _ path: String
  ) throws(GridFileError) -> (source: any FileSource, FileDescription) {
    let file = try FilePreflight.check(path)
    var handle: Int32 = -1
    // By its descriptor the file has a plain name, and is the one that was just looked at.
    let name = file.plainName
    try NetCDFLibrary.check(path, nil, "opening") { nc_open(name, NC_NOWRITE, &handle) }
    let source = LibrarySource(path, handle, file.identity)
    return (source, try source.describe())
  }

  private init(_ path: String, _ handle: Int32, _ identity: FileIdentity) {
    self.path = path
    self.handle = handle
    self.identity = identity
  }

  deinit {
    let handle = handle
    _ = NetCDFLibrary.status(reading: path) {
      ChunkCaches.forget(handle)
      return nc_close(handle)
    }
  }

  private func describe() throws(GridFileError) -> FileDescription {
    let description = try NetCDFLibrary.holding { () throws(GridFileError) in
      var reader = MetadataReader(path: path)
      return try reader.description(of: GroupID(raw: handle))
    }
    try identity.check(path)
    return description
  }

  func read(
    _ variable: NetCDFVariable, _ box: NetCDFBox, _ bytes: UnsafeMutableRawBufferPointer
  ) throws(GridFileError) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    let status = NetCDFLibrary.status(reading: path, patience: .values) {
      ChunkCaches.prepare(handle, variable, box)
      return nc_get_vara(variable.group.raw, variable.id.raw, box.start, box.count, base)
    }
    try identity.check(path)
    if status != NC_NOERR {
      throw NetCDFLibrary.error(status, path, variable.name, "reading values")
    }
  }

  func texts(_ variable: NetCDFVariable, _ box: NetCDFBox) throws(GridFileError) -> [String] {
    guard let elements = box.elements, elements <= NetCDFFile.largestRead / 8 else {
      throw GridFileError(
        .outOfBounds, path: path, variable: variable.name,
        "is too large to read at once (\(box.count)); read a part")
    }
    guard elements > 0 else { return [] }
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: elements)
    try NetCDFLibrary.check(path, variable.name, "reading values") {
      nc_get_vara_string(variable.group.raw, variable.id.raw, box.start, box.count, &pointers)
    }
    let texts = TextDecoder.takeStrings(&pointers)
    try identity.check(path)
    return texts
  }
}
