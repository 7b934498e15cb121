// Room: GridFiles. Where an output will lie: links followed, and refused early where it cannot.

internal import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The final place of an output.
struct TargetPlace: Sendable {
  /// The target, as the caller named it.
  let target: String
  /// The target with symbolic links followed, those included that lead to nothing yet.
  let path: String
  /// The folder, with a slash at its end where it has a name.
  let folder: String
  /// The name in the folder.
  let name: String
  /// The permissions and the group of the file that is there now, if any.
  let existing: (mode: mode_t, group: gid_t)?

  /// Looks at the place.
  ///
  /// Throws: `cannotCreate` for an empty name, a folder, a device, a name that is too long or a file
  /// that may not be written.
  init(_ target: String) throws(GridFileError) {
    guard !target.isEmpty, !target.utf8.contains(0), !target.hasSuffix("/") else {
      throw GridFileError(.cannotCreate, path: target, "is not a file name; give one")
    }
    self.target = target
    let path = TargetPlace.resolve(target)
    self.path = path
    let slash = path.lastIndex(of: "/")
    folder = slash.map { String(path[...$0]) } ?? ""
    name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    var status = stat()
    guard stat(path, &status) == 0 else {
      existing = nil
      if errno == ENAMETOOLONG {
        throw GridFileError(.cannotCreate, path: target, "is too long a name; choose a shorter one")
      }
      return
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let what = status.st_mode & S_IFMT == S_IFDIR ? "is a folder" : "is not a regular file"
      throw GridFileError(.cannotCreate, path: target, "\(what); give a file name for the output")
    }
    guard access(path, W_OK) == 0 || errno != EACCES else {
      throw GridFileError(
        .cannotCreate, path: target, "is there and write-protected; give another name")
    }
    existing = (status.st_mode & 0o777, status.st_gid)
  }

  /// The path of a hidden file beside the target, whose name fits in a folder.
  func sibling(_ suffix: String) -> String {
    // 255 bytes are the limit everywhere; characters are kept whole.
    var stem = Substring(name)
    while stem.utf8.count > 190 { stem = stem.dropLast() }
    return folder + "." + stem + suffix
  }

  func cannotCreate(_ number: Int32) -> GridFileError {
    let folder = folder.isEmpty ? "." : folder
    let remedy =
      switch number {
      case ENOENT: "make the folder '\(folder)' first"
      case ENOTDIR: "'\(folder)' is not a folder"
      case EACCES, EPERM, EROFS: "choose a folder that may be written"
      case ENOSPC, EDQUOT: "free some space"
      default: "choose another folder"
      }
    return GridFileError(
      .cannotCreate, path: target, "cannot be created: \(SystemError.words(number)); \(remedy)")
  }

  private static func resolve(_ target: String) -> String {
    var path = target
    for _ in 0..<40 {
      if let resolved = realpath(path, nil) {
        defer { free(resolved) }
        return String(cString: resolved)
      }
      // A link that leads nowhere yet: the output belongs where it points to.
      guard let link = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else {
        return path
      }
      let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
      path = link.hasPrefix("/") ? link : folder + link
    }
    return target
  }
}
