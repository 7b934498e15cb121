// Room: ONNXFormat. Writes files that appear whole or not at all.

import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file's content as a list of pieces, so that large tensors are not copied to be written.
package struct WholeFile {
  private enum Piece {
    case bytes([UInt8])
    case range(ByteRange)
    case memory(UnsafeRawBufferPointer, owner: AnyObject)
  }

  private var pieces: [Piece] = []
  /// How many bytes the file will have.
  package private(set) var count = 0

  package init() {}

  package mutating func append(_ bytes: [UInt8]) {
    pieces.append(.bytes(bytes))
    count += bytes.count
  }

  mutating func append(_ range: ByteRange) {
    pieces.append(.range(range))
    count += range.count
  }

  /// Appends bytes that `owner` keeps where they are.
  package mutating func append(_ bytes: UnsafeRawBufferPointer, owner: AnyObject) {
    pieces.append(.memory(bytes, owner: owner))
    count += bytes.count
  }

  mutating func append(_ other: WholeFile) {
    pieces += other.pieces
    count += other.count
  }

  /// All the bytes in one array.
  var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count)
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): result += bytes
      case .range(let range): range.withBytes { result += $0 }
      case .memory(let bytes, let owner): withExtendedLifetime(owner) { result += bytes }
      }
    }
    return result
  }

  /// Writes a temporary file beside `path`, then renames it.
  package func write(to path: String) throws(ONNXError) {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw ONNXError(
        .fileNotCreated, "is not a regular file; choose another name", file: path)
    }
    let target = Self.followingLinks(path)
    let temporary = target + ".\(getpid()).\(UInt32.random(in: .min ... .max)).part"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw Self.failure(.fileNotCreated, "cannot be created", path)
    }
    do throws(ONNXError) {
      defer { close(descriptor) }
      for piece in pieces { try Self.write(piece, to: descriptor, path) }
      guard fsync(descriptor) == 0 else { throw Self.failure(.fileNotWritten, "is lost", path) }
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, target) == 0 else {
      let error = Self.failure(.fileNotCreated, "cannot be put in place", path)
      unlink(temporary)
      throw error
    }
  }

  private static func write(
    _ piece: Piece, to descriptor: Int32, _ path: String
  ) throws(ONNXError) {
    func writeAll(_ bytes: UnsafeRawBufferPointer) -> Bool {
      var done = 0
      while done < bytes.count {
        // The kernel writes at most 2 GiB a call.
        let rest = UnsafeRawBufferPointer(rebasing: bytes[done..<min(bytes.count, done + 1 << 30)])
        let written = posixWrite(descriptor, rest)
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { return false }
        done += written
      }
      return true
    }
    let isDone =
      switch piece {
      case .bytes(let bytes): bytes.withUnsafeBytes { writeAll($0) }
      case .range(let range): range.withBytes { writeAll($0) }
      case .memory(let bytes, let owner): withExtendedLifetime(owner) { writeAll(bytes) }
      }
    guard isDone else { throw failure(.fileNotWritten, "cannot be written", path) }
  }

  private static func failure(
    _ code: ONNXError.Code, _ what: String, _ path: String
  ) -> ONNXError {
    ONNXError(
      code, "\(what): \(String(cString: strerror(errno))); check the folder and its free space",
      file: path)
  }

  private static func followingLinks(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

private func posixWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}
