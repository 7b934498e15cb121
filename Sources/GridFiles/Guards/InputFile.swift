// Room: GridFiles. A file's bytes at given places, for looking at it before the C library does.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A regular file open for reading at any place; closed when it goes.
struct InputFile: ~Copyable {
  let path: String
  let length: Int
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
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

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
