// Room: GridFiles. Copies a file's bytes, sharing blocks where the file system can.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

enum FileCopy {
  /// Copies the file at `source` over that at `target`, which exists.
  ///
  /// Throws: `noInput`, `inputOutput`.
  static func copy(_ source: String, to target: String) throws(GridFileError) {
    let input = open(source, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else {
      throw GridFileError(
        .noInput, path: source, "cannot be opened: \(SystemError.words(errno)); check the path")
    }
    defer { close(input) }
    let output = open(target, O_WRONLY | O_CLOEXEC)
    guard output >= 0 else { throw failure(source, errno) }
    defer { close(output) }
    #if canImport(Glibc)
      // FICLONE, where the file system shares blocks between files.
      if ioctl(output, 0x4004_9409, input) == 0 { return }
    #endif
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(input, &buffer, buffer.count)
      if count == 0 { return }
      guard count > 0 else { throw failure(source, errno) }
      var done = 0
      while done < count {
        let written = buffer.withUnsafeBytes { bytes in
          write(output, bytes.baseAddress.map { $0 + done }, count - done)
        }
        guard written > 0 else { throw failure(source, errno) }
        done += written
      }
    }
  }

  private static func failure(_ path: String, _ number: Int32) -> GridFileError {
    GridFileError(
      .inputOutput, path: path,
      "cannot be copied: \(SystemError.words(number)); check the disk's free space")
  }
}
