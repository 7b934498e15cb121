// Room: ONNXFormat. The owner of bytes: a file mapped read-only, or bytes held in memory.

public import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file mapped read-only into memory, or bytes in memory that stand for one.
///
/// Tensors describe their values as ranges of such an owner, so that loading a model copies no
/// weights. Whoever borrows the bytes keeps a reference to the owner; the mapping ends with the
/// last reference.
///
/// **Edge cases.** An empty file has no bytes and no mapping. A file that another process shortens
/// while it is mapped ends this process when the lost part is touched, as with every mapping:
/// replace model files by renaming, never in place.
public final class MappedFile: @unchecked Sendable {
  // Unchecked, because of the pointer: nothing writes to the bytes after `init`.

  /// The path the bytes came from; nil for bytes that came from no file.
  public let path: String?
  /// How many bytes there are.
  public let count: Int
  /// Whether the bytes are a mapping of a file, rather than held in memory.
  public let isMapped: Bool
  /// What the system said of the file when it was opened; nil for bytes that came from no file.
  package let stamp: FileStamp?
  private let base: UnsafeMutableRawPointer?

  /// Maps the regular file at `url`.
  ///
  /// **Throws.** `ONNXError` when it is missing, not a regular file, or cannot be mapped.
  public convenience init(contentsOf url: URL) throws(ONNXError) {
    try self.init(path: url.path)
  }

  package init(path: String) throws(ONNXError) {
    // Without O_NONBLOCK, opening a pipe would wait for a writer for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw Self.cannotOpen(path, errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.cannotOpen(path, errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR:
      throw ONNXError(.fileUnreadable, "is a folder; give the file inside it", file: path)
    default:
      throw ONNXError(
        .fileUnreadable,
        "is not a regular file (a pipe, socket or device); copy it to a file first",
        file: path)
    }
    // A sparse file may claim any size; beyond this no processor has addresses for it.
    guard status.st_size < 1 << 46 else {
      throw ONNXError(
        .fileUnreadable, "is larger than can be mapped; give another file", file: path)
    }
    self.path = path
    count = Int(status.st_size)
    isMapped = true
    stamp = FileStamp(status)
    guard count > 0 else {
      base = nil
      return
    }
    base = try Self.map(descriptor, count, path)
  }

  /// Holds a copy of `bytes`.
  public convenience init(copying bytes: [UInt8]) {
    self.init(byteCount: bytes.count) { $0.copyBytes(from: bytes) }
  }

  /// Holds `byteCount` zero bytes, 64-byte aligned, after `fill` has written to them.
  package init(byteCount: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: byteCount + Self.readableBeyondEnd, alignment: 64)
    buffer.initializeMemory(as: UInt8.self, repeating: 0)
    fill(UnsafeMutableRawBufferPointer(rebasing: buffer[..<byteCount]))
    path = nil
    count = byteCount
    isMapped = false
    stamp = nil
    base = buffer.baseAddress
  }

  deinit {
    guard let base else { return }
    if isMapped { munmap(base, Self.mappedLength(count)) } else { base.deallocate() }
  }

  /// Lends all the bytes to `body`; they must not be used after it returns.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(unsafeBytes)
  }

  /// The real path of the folder that the file lies in; nil for bytes that came from no file.
  package var folder: String? {
    guard let path else { return nil }
    // A link to a file elsewhere has its external data beside the link.
    let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) }
    guard let folder = realpath(parent ?? ".", nil) else { return nil }
    defer { free(folder) }
    return String(cString: folder)
  }

  /// All the bytes, valid for as long as the caller keeps a reference to this owner.
  ///
  /// `readableBeyondEnd` more bytes may be read after them.
  package var unsafeBytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: count)
  }

  /// How many zero bytes may be read after the last: vector kernels read whole vectors.
  package static let readableBeyondEnd = 64

  /// The file's pages and one more, so that reading a little beyond the end never faults.
  private static func mappedLength(_ count: Int) -> Int {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    return (count + page - 1) / page * page + page
  }

  private static func map(
    _ descriptor: Int32, _ count: Int, _ path: String
  ) throws(ONNXError) -> UnsafeMutableRawPointer {
    func failure() -> ONNXError {
      ONNXError(
        .fileUnreadable,
        "cannot be mapped (\(String(cString: strerror(errno)))); copy it to a local disk",
        file: path)
    }
    let length = mappedLength(count)
    let reserved = mmap(nil, length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let reserved, reserved != MAP_FAILED else { throw failure() }
    let mapped = mmap(reserved, count, PROT_READ, MAP_PRIVATE | MAP_FIXED, descriptor, 0)
    guard mapped == reserved else {
      let error = failure()
      munmap(reserved, length)
      throw error
    }
    return reserved
  }

  private static func cannotOpen(_ path: String, _ number: Int32) -> ONNXError {
    switch number {
    case ENOENT, ENOTDIR:
      ONNXError(.fileMissing, "there is no such file; check the path", file: path)
    case EACCES, EPERM:
      ONNXError(.fileUnreadable, "may not be read; check its permissions", file: path)
    default:
      ONNXError(
        .fileUnreadable, "cannot be opened: \(String(cString: strerror(number)))", file: path)
    }
  }
}
