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
/// Not for several tasks at once. Call `discard` on failure; the file does not remove itself. What a
/// killed process has left behind is removed by the next one that writes into the folder.
public struct TemporaryFile: Sendable {
  /// The final place, with symbolic links followed.
  public let target: String
  /// The place of the unfinished file.
  public let path: String

  private let folder: String

  /// Creates an empty file beside `target`.
  ///
  /// Edge cases: a target that is a symbolic link is replaced where the link points to; the file
  /// gets the permissions of the one that it replaces, else those that the process's mask allows.
  /// Throws: `cannotCreate` where the folder is missing or may not be written, or the target is a
  /// folder, a device or write-protected.
  public init(for target: String) throws(GridFileError) {
    let place = try TargetPlace(target)
    Leftovers.removeOnce(in: place.folder)
    path = place.sibling(Leftovers.suffix())
    self.target = place.path
    folder = place.folder
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw place.cannotCreate(errno) }
    if let existing = place.existing {
      // The group first: changing it may take permissions away.
      _ = fchown(descriptor, uid_t.max, existing.group)
      _ = fchmod(descriptor, existing.mode)
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
    try? synchronise(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY)
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
}
