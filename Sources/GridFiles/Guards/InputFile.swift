// Room: GridFiles. A file's bytes at given places, for looking at it before the C library does.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A regular file open for reading at any place; closed when the last reference goes.
final class InputFile: Sendable {
  let path: String
  let length: Int
  /// Which file this is, and in which state.
  let identity: FileIdentity
  private let descriptor: Int32

  /// Opens `path`, refusing what is not a regular file.
  init(_ path: String) throws(GridFileError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw GridFileError(.noInput, path: path, "is not a file name; give a path")
    }
    // Without O_NONBLOCK opening a named pipe would wait for a writer for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let words = SystemError.words(errno)
      if path.contains("://") {
        throw GridFileError(
          .noInput, path: path,
          "is an address, and only files on this machine are read; fetch it first")
      }
      throw GridFileError(.noInput, path: path, "cannot be opened: \(words); check the path")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let words = SystemError.words(errno)
      close(descriptor)
      throw GridFileError(.inputOutput, path: path, "cannot be examined: \(words); check the disk")
    }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG else {
      close(descriptor)
      let what = kind == S_IFDIR ? "is a folder; name the files in it" : "is not a regular file"
      throw GridFileError(.noInput, path: path, what)
    }
    self.path = path
    self.length = Int(status.st_size)
    self.identity = FileIdentity(status)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// A name for this open file without anything in it that a C library could take for more than a name;
  /// good while this value lives.
  var plainName: String {
    #if os(Linux)
      let name = "/proc/self/fd/\(descriptor)"
      if access(name, R_OK) == 0 { return name }
    #endif
    return path.hasPrefix("/") ? path : "./" + path
  }

  /// Up to `count` bytes from `offset`; fewer at the file's end.
  func bytes(at offset: Int, count: Int) throws(GridFileError) -> [UInt8] {
    guard offset >= 0, offset < length, count > 0 else { return [] }
    let wanted = min(count, length - offset)
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
      filled = 0
      while filled < wanted {
        guard let base = buffer.baseAddress else { break }
        let got = pread(descriptor, base + filled, wanted - filled, off_t(offset + filled))
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = errno }
        if got <= 0 { break }
        filled += got
      }
    }
    guard failure == 0 else {
      throw GridFileError(
        .inputOutput, path: path,
        "cannot be read: \(SystemError.words(failure)); check the disk and try again")
    }
    return bytes
  }
}

/// Which file a path named, and in which state, so that changes while it is read are noticed.
struct FileIdentity: Sendable, Equatable {
  private let device: UInt64
  private let inode: UInt64
  private let length: Int64
  private let seconds: Int64
  private let nanoseconds: Int64

  init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
    length = Int64(status.st_size)
    #if canImport(Darwin)
      seconds = Int64(status.st_mtimespec.tv_sec)
      nanoseconds = Int64(status.st_mtimespec.tv_nsec)
    #else
      seconds = Int64(status.st_mtim.tv_sec)
      nanoseconds = Int64(status.st_mtim.tv_nsec)
    #endif
  }

  /// Throws where the file has been written to since.
  ///
  /// A file of the same name in its place does no harm: what is open is still the old one.
  func check(_ path: String) throws(GridFileError) {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    let now = FileIdentity(status)
    guard now.device == device, now.inode == inode, now != self else { return }
    throw GridFileError(
      .inputOutput, path: path,
      "was changed while it was read; try again when its writer has finished")
  }
}
