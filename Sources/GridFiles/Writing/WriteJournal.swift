// Room: GridFiles. A hidden file beside an output, in which pieces of work are kept until the output
// is whole: what a killed run had done need not be done again.

internal import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Records kept safe one by one, each of which is either whole or not there.
///
/// The first record says what the output is to be; the others are pieces of it. A record that was cut
/// off by a crash ends the journal and is dropped. Only one process may hold a journal: another gets
/// `busy`.
package final class WriteJournal: Sendable {
  /// The records that were there when the journal was opened, without the first.
  package let records: [[UInt8]]

  private let target: String
  private let path: String
  private let lock: TargetLock
  private let descriptor: Int32
  private let isOpen = Mutex(true)

  private static let magic: UInt64 = 0x3152_4a4c_4155_5153  // "SQUALJR1"

  /// Opens the journal of `target`, or begins one with `heading`.
  ///
  /// Throws: `busy`, `cannotCreate`, `inputOutput`; `refuse` judges a heading that differs.
  package init(
    target: String, heading: [UInt8], refuse: (_ old: [UInt8]) -> String?
  ) throws(GridFileError) {
    let place = try TargetPlace(target)
    let lock = try TargetLock(target)
    let path = place.sibling(".journal")
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      let number = errno
      lock.release()
      throw place.cannotCreate(number)
    }
    self.target = target
    self.path = path
    self.lock = lock
    self.descriptor = descriptor
    do throws(GridFileError) {
      var (found, end) = try WriteJournal.read(descriptor, target)
      if let old = found.first, old != heading {
        let why = refuse(old) ?? "other data"
        throw GridFileError(
          .outOfBounds, path: target,
          "was begun by an earlier run as something else (\(why)); run again as then, or remove "
            + "'\(path)' to begin anew")
      }
      // What a crash has cut off goes, so that the next record starts where a whole one ends.
      guard ftruncate(descriptor, end) == 0, lseek(descriptor, end, SEEK_SET) == end else {
        throw WriteJournal.failure(target, errno)
      }
      if found.isEmpty {
        try WriteJournal.append(heading, to: descriptor, target)
      } else {
        found.removeFirst()
      }
      records = found
    } catch {
      records = []
      closeDescriptor(descriptor)
      lock.release()
      throw error
    }
  }

  deinit { close() }

  /// Adds a record; it is on the disk when this returns.
  package func append(_ record: [UInt8]) throws(GridFileError) {
    try WriteJournal.append(record, to: descriptor, target)
  }

  /// Removes the journal: the output is whole.
  package func remove() {
    unlink(path)
    close()
  }

  /// Lets go and keeps what is there for the next run.
  package func close() {
    let wasOpen = isOpen.withLock { open in
      defer { open = false }
      return open
    }
    guard wasOpen else { return }
    closeDescriptor(descriptor)
    lock.release()
  }

  /// The whole records, and where the last of them ends.
  private static func read(
    _ descriptor: Int32, _ target: String
  ) throws(GridFileError) -> ([[UInt8]], off_t) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(target, errno) }
    var records: [[UInt8]] = []
    var end: off_t = 0
    while true {
      guard let header = bytes(descriptor, 24, end) else { break }
      let words = header.withUnsafeBytes { bytes in
        (0..<3).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
      }
      let room = status.st_size - end - 24
      guard words[0] == magic, room >= 0, words[1] <= UInt64(room),
        let record = bytes(descriptor, Int(words[1]), end + 24), checksum(record) == words[2]
      else { break }
      records.append(record)
      end += 24 + off_t(record.count)
    }
    return (records, end)
  }

  private static func bytes(_ descriptor: Int32, _ count: Int, _ offset: off_t) -> [UInt8]? {
    var done = 0
    let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while done < count {
        let part = pread(
          descriptor, buffer.baseAddress.map { $0 + done }, count - done, offset + off_t(done))
        guard part > 0 else { break }
        done += part
      }
      initialized = done
    }
    return done == count ? result : nil
  }

  private static func append(
    _ record: [UInt8], to descriptor: Int32, _ target: String
  ) throws(GridFileError) {
    var header: [UInt8] = []
    for word in [magic, UInt64(record.count), checksum(record)] {
      withUnsafeBytes(of: word) { header.append(contentsOf: $0) }
    }
    for part in [header, record] {
      var done = 0
      while done < part.count {
        let written = part.withUnsafeBytes {
          write(descriptor, $0.baseAddress.map { $0 + done }, part.count - done)
        }
        guard written > 0 else { throw failure(target, errno) }
        done += written
      }
    }
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure(target, errno) }
  }

  /// FNV-1a over words, then bytes: finds what a crash has cut off or left unwritten.
  private static func checksum(_ record: [UInt8]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    record.withUnsafeBytes { bytes in
      var index = 0
      while index + 8 <= bytes.count {
        hash = (hash ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        hash = (hash &* 0x100_0000_01b3) ^ (hash >> 29)
        index += 8
      }
      while index < bytes.count {
        hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3
        index += 1
      }
    }
    return hash
  }

  private static func failure(_ target: String, _ number: Int32) -> GridFileError {
    GridFileError(
      .inputOutput, path: target,
      "its journal cannot be written: \(SystemError.words(number)); check the disk's free space")
  }
}

/// `close` of the system, which the journal's own hides.
private func closeDescriptor(_ descriptor: Int32) { _ = close(descriptor) }
