// Room: GridFiles. Keeps two processes from adding to one file at once.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A lock on a name: a hidden empty file beside it, which the system itself unlocks when its owner
/// dies.
///
/// The file itself is not locked, since HDF5 refuses to read what somebody holds.
public final class TargetLock: Sendable {
  private let lockPath: String
  private let descriptor: Int32

  /// Takes the lock on `target` without waiting.
  ///
  /// Throws: `busy` where another process has it, `cannotCreate` where the folder may not be written.
  public init(_ target: String) throws(GridFileError) {
    let place = try TargetPlace(target)
    lockPath = place.sibling(".lock")
    // Whoever lets go removes the file, so a lock counts only on the file that still has the name.
    for _ in 0..<100 {
      let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw place.cannotCreate(errno) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let number = errno
        close(descriptor)
        guard number == EWOULDBLOCK else { throw place.cannotCreate(number) }
        throw GridFileError(
          .busy, path: target, "is being added to by another process; try again when it is done")
      }
      var (mine, named) = (stat(), stat())
      if fstat(descriptor, &mine) == 0, stat(lockPath, &named) == 0, mine.st_ino == named.st_ino,
        mine.st_dev == named.st_dev
      {
        self.descriptor = descriptor
        TemporaryFiles.remember(lockPath)
        return
      }
      close(descriptor)
    }
    throw GridFileError(.busy, path: target, "is being added to by others; try again later")
  }

  /// Lets go; to be called once.
  public func release() {
    unlink(lockPath)
    TemporaryFiles.forget(lockPath)
    close(descriptor)
  }
}
