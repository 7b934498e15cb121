// Room: GridFiles. Outputs appear whole or not at all: a hidden file beside the target, made durable
// and renamed at the end, removed on every other way out.

internal import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The hidden files of unfinished outputs, so that a command can remove them when it is told to stop.
public enum TemporaryFiles {
  private static let paths = Mutex<Set<String>>([])

  /// The paths of all unfinished outputs of this process.
  public static var all: [String] { paths.withLock { Array($0) } }

  /// Removes the files of all unfinished outputs; for a program about to end by a signal.
  public static func removeAll() {
    for path in all {
      unlink(path)
      forget(path)
    }
  }

  static func remember(_ path: String) {
    paths.withLock { paths in
      paths.insert(path)
      DamagedFileGuard.remember(path)
    }
  }

  static func forget(_ path: String) {
    paths.withLock { paths in
      paths.remove(path)
      DamagedFileGuard.forget(path)
    }
  }
}

/// A file in the making: created empty beside its target, renamed onto it by `commit`.
///
/// Not for several tasks at once. Call `discard` on failure; the file does not remove itself.
public struct TemporaryFile: Sendable {
  /// The final place, with symbolic links followed.
  public let target: String
  /// The place of the unfinished file.
  public let path: String

  /// Creates an empty file beside `target`.
  ///
  /// Edge cases: a target that is a symbolic link is replaced where the link points to; the file
  /// gets the permissions that the process's mask allows.
  /// Throws: `cannotCreate` where the folder is missing or may not be written, or the target is a
  /// folder or a device.
  public init(for target: String) throws(GridFileError) {
    let resolved = TemporaryFile.resolve(target)
    var status = stat()
    if stat(resolved, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      let what = status.st_mode & S_IFMT == S_IFDIR ? "is a folder" : "is not a regular file"
      throw GridFileError(.cannotCreate, path: target, "\(what); give a file name for the output")
    }
    let url = URL(filePath: resolved)
    let random = String(UInt32.random(in: .min ... .max), radix: 36)
    let name = ".\(url.lastPathComponent.prefix(200)).\(getpid())-\(random).part"
    let folder = url.deletingLastPathComponent().path(percentEncoded: false)
    path = folder + (folder.hasSuffix("/") ? "" : "/") + name
    self.target = resolved

    guard !target.isEmpty, !target.utf8.contains(0), !target.hasSuffix("/") else {
      throw GridFileError(.cannotCreate, path: target, "is not a file name; give one")
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      let number = errno
      throw GridFileError(
        .cannotCreate, path: target,
        "cannot be created: \(SystemError.words(number)); \(TemporaryFile.remedy(number, folder))")
    }
    close(descriptor)
    TemporaryFiles.remember(path)
  }

  /// Makes the file durable and gives it its name.
  ///
  /// Throws: `inputOutput`; the unfinished file is removed then.
  public func commit() throws(GridFileError) {
    do throws(GridFileError) {
      try synchronise(path, O_RDONLY)
      guard rename(path, target) == 0 else { throw failure("cannot be renamed into place", errno) }
    } catch {
      discard()
      throw error
    }
    TemporaryFiles.forget(path)
    // The name itself is durable only once the folder is; some file systems cannot, which is no loss.
    let folder = URL(filePath: target).deletingLastPathComponent().path(percentEncoded: false)
    try? synchronise(folder, O_RDONLY | O_DIRECTORY)
  }

  /// Removes the unfinished file.
  public func discard() {
    unlink(path)
    TemporaryFiles.forget(path)
  }

  private func synchronise(_ path: String, _ flags: Int32) throws(GridFileError) {
    let descriptor = open(path, flags | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("cannot be opened again", errno) }
    let status = fsync(descriptor)
    let number = errno
    close(descriptor)
    guard status == 0 || number == EINVAL || number == EROFS else {
      throw failure("cannot be flushed", number)
    }
  }

  private func failure(_ doing: String, _ number: Int32) -> GridFileError {
    GridFileError(
      .inputOutput, path: target,
      "\(doing): \(SystemError.words(number)); check the disk and run again")
  }

  private static func resolve(_ target: String) -> String {
    guard let resolved = realpath(target, nil) else { return target }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func remedy(_ number: Int32, _ folder: String) -> String {
    switch number {
    case ENOENT: "make the folder '\(folder)' first"
    case ENOTDIR: "'\(folder)' is not a folder"
    case EACCES, EPERM, EROFS: "choose a folder that may be written"
    case ENOSPC, EDQUOT: "free some space"
    default: "choose another folder"
    }
  }
}
