// Room: GridFiles. The folder of a Zarr store: its small files, read with nothing in them believed.

internal import Foundation

/// A folder that holds a Zarr store of format 2.
struct ZarrFolder: Sendable {
  let path: String

  /// The most bytes that a description may have.
  private static let largestDescription = 1 << 26
  /// Groups and arrays in a store, and groups inside one another.
  private static let mostNodes = 100_000
  private static let deepest = 32

  /// The text of the file called `key`, or nil where there is none.
  func bytes(_ key: String, limit: Int) throws(GridFileError) -> [UInt8]? {
    let whole = path + "/" + key
    var status = stat()
    guard stat(whole, &status) == 0 else {
      guard errno == ENOENT || errno == ENOTDIR else {
        throw GridFileError(
          .inputOutput, path: path,
          "'\(key)' cannot be read: \(SystemError.words(errno)); check the disk and try again")
      }
      return nil
    }
    let file = try InputFile(whole)
    guard file.length <= limit else {
      throw GridFileError(
        .corrupt, path: path, "'\(key)' has \(file.length) bytes, too many; fetch it again")
    }
    let bytes = try file.bytes(at: 0, count: file.length)
    guard bytes.count == file.length else {
      throw GridFileError(
        .inputOutput, path: path,
        "'\(key)' was changed while it was read; try again when its writer has finished")
    }
    return bytes
  }

  /// The description called `key`, or nil where there is none.
  func json(_ key: String) throws(GridFileError) -> JSONValue? {
    guard let bytes = try bytes(key, limit: ZarrFolder.largestDescription) else { return nil }
    // NCZarr leaves empty files behind where it has nothing to say.
    guard let value = bytes.isEmpty ? .object([]) : JSONValue(bytes), value.members != nil else {
      throw GridFileError(
        .corrupt, path: path, "'\(key)' is damaged; fetch or write the store again")
    }
    return value
  }

  /// All descriptions in the store by their keys, such as `group/array/.zattrs`, in order.
  func descriptions() throws(GridFileError) -> [(key: String, value: JSONValue)] {
    if let members = try json(".zmetadata")?["metadata"]?.members {
      for member in members where member.value.members == nil || !isInside(member.name) {
        throw GridFileError(
          .corrupt, path: path, "'.zmetadata' is damaged at '\(member.name)'; write it again")
      }
      return members.map { ($0.name, $0.value) }
    }
    var found: [(String, JSONValue)] = []
    var nodes = 0
    try collect("", depth: 0, &nodes, &found)
    return found
  }

  private func isInside(_ key: String) -> Bool {
    !key.hasPrefix("/") && !key.utf8.contains(0) && !key.split(separator: "/").contains("..")
  }

  private func collect(
    _ prefix: String, depth: Int, _ nodes: inout Int, _ found: inout [(String, JSONValue)]
  ) throws(GridFileError) {
    nodes += 1
    guard depth < ZarrFolder.deepest, nodes < ZarrFolder.mostNodes else {
      throw GridFileError(.corrupt, path: path, "has groups without end; write the store again")
    }
    var isArray = false
    for name in [".zgroup", ".zarray", ".zattrs", ".nczgroup", ".nczarray", ".nczattr"] {
      guard let value = try json(prefix + name) else { continue }
      found.append((prefix + name, value))
      isArray = isArray || name == ".zarray"
    }
    if isArray { return }
    let folder = prefix.isEmpty ? path : path + "/" + prefix
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw GridFileError(.inputOutput, path: path, "cannot be listed; check its permissions")
    }
    for name in names.sorted() where !name.hasPrefix(".") {
      let child = prefix + name + "/"
      let isNode = [".zarray", ".zgroup", ".nczgroup"].contains {
        access(path + "/" + child + $0, F_OK) == 0
      }
      if isNode { try collect(child, depth: depth + 1, &nodes, &found) }
    }
  }
}

extension ZarrStore {
  /// The store at `path`, or nil where `path` is not a folder.
  ///
  /// Throws: `noInput` for a folder that holds none, `unsupported` for other formats of Zarr.
  static func folder(at path: String) throws(GridFileError) -> ZarrFolder? {
    var status = stat()
    guard !path.isEmpty, !path.utf8.contains(0), stat(path, &status) == 0,
      status.st_mode & S_IFMT == S_IFDIR
    else { return nil }
    let holds = { (name: String) in access(path + "/" + name, F_OK) == 0 }
    if [".zgroup", ".zarray", ".zmetadata", ".nczgroup"].contains(where: holds) {
      return ZarrFolder(path: path)
    }
    if holds("zarr.json") {
      throw GridFileError(
        .unsupported, path: path,
        "is a Zarr store of format 3; write it with zarr_format=2, or as NetCDF")
    }
    throw GridFileError(
      .noInput, path: path, "is a folder and no Zarr store; name the files in it")
  }
}
