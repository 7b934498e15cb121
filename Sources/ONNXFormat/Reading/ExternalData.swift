// Room: ONNXFormat. External data: weights in files beside the model, and never anywhere else.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Maps the files that a model keeps its weights in, each once.
///
/// A model file comes from strangers: what it names must lie in its own folder, symbolic links
/// followed, or a model could have any file of this machine read into its output.
final class ExternalData {
  private let folder: String?
  private var resolvedFolder: String?
  private var files: [String: MappedFile] = [:]
  /// Every file, in the order in which they were first named.
  private(set) var mapped: [MappedFile] = []

  init(folder: String?) { self.folder = folder }

  /// The bytes that `entries` (location, offset, length) describe, of which there must be
  /// `byteCount`. A checksum is not compared: it would read the whole file.
  func range(of entries: [String: String], byteCount: Int) throws(ONNXError) -> ByteRange {
    guard let location = entries["location"], !location.isEmpty else {
      throw ONNXError(.externalData, "does not say where its external data is; export it again")
    }
    return try within("external data \(ONNXError.quoted(location))") { () throws(ONNXError) in
      let offset = try Self.number(entries["offset"], "offset") ?? 0
      let length = try Self.number(entries["length"], "length") ?? byteCount
      guard length == byteCount else {
        throw ONNXError(
          .externalData,
          "is said to be \(length) bytes long where the shape needs \(byteCount); export it again")
      }
      let file = try file(at: location)
      let (end, overflow) = offset.addingReportingOverflow(length)
      guard !overflow, let range = ByteRange(offset..<end, of: file) else {
        throw ONNXError(
          .externalData,
          "ends after \(file.count) bytes where \(length) from byte \(offset) are wanted; "
            + "fetch the file again")
      }
      return range
    }
  }

  private static func number(_ text: String?, _ what: String) throws(ONNXError) -> Int? {
    guard let text else { return nil }
    guard let number = Int(text), number >= 0 else {
      throw ONNXError(
        .externalData, "has \(what) \(ONNXError.quoted(text)), not a number; export it again")
    }
    return number
  }

  private func file(at location: String) throws(ONNXError) -> MappedFile {
    if let file = files[location] { return file }
    let path = try resolve(location)
    // Two spellings of one file are still one file.
    if let file = files[path] {
      files[location] = file
      return file
    }
    let file: MappedFile
    do {
      file = try MappedFile(path: path)
    } catch {
      throw ONNXError(.externalData, error.message)
    }
    files[path] = file
    files[location] = file
    mapped.append(file)
    return file
  }

  /// The real path of `location`, once it is known to lie in the folder.
  private func resolve(_ location: String) throws(ONNXError) -> String {
    guard let folder else {
      throw ONNXError(.externalData, "may not be used: the model came without a folder")
    }
    // Windows exporters separate folders by backslashes, so those may not hide a step outside.
    let steps = location.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }
    let isAbsolute = steps.first == "" || (steps.first?.hasSuffix(":") ?? false)
    guard !isAbsolute, !steps.contains(".."), !location.utf8.contains(0) else {
      throw ONNXError(
        .externalData, "points outside the model's folder; put the file beside the model")
    }
    let root: String
    if let resolvedFolder {
      root = resolvedFolder
    } else {
      guard let real = Self.realPath(folder.isEmpty ? "." : folder) else {
        throw ONNXError(.externalData, "is in a folder that cannot be found; check the path")
      }
      resolvedFolder = real
      root = real
    }
    guard let path = Self.realPath(root + "/" + location) else {
      throw ONNXError(
        .externalData, "is not in the model's folder; put the file beside the model")
    }
    guard path != root else {
      throw ONNXError(.externalData, "is the model's folder itself; export the network again")
    }
    guard path.hasPrefix(root == "/" ? "/" : root + "/") else {
      throw ONNXError(
        .externalData,
        "is a link that leaves the model's folder; put the file itself beside the model")
    }
    return path
  }

  private static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
