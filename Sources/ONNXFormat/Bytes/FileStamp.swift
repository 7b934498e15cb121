// Room: ONNXFormat. What the system says of a file, to tell whether it has changed.

import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file's length, its number on its disk, and when it was last changed.
///
/// Every change to a file sets the time of change, which no program can put back.
package struct FileStamp: Equatable, Sendable {
  /// Length, device, inode; seconds and nanoseconds of the contents' and of the file's change.
  package private(set) var words: [UInt64]
  /// How many words there are.
  package static let wordCount = 7

  /// The stamp of no file.
  package init() { words = [UInt64](repeating: 0, count: Self.wordCount) }

  /// A stamp from its `wordCount` words.
  package init(words: [UInt64]) {
    precondition(words.count == Self.wordCount)
    self.words = words
  }

  /// The stamp of the file at `path`; nil where there is none.
  package init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  init(_ status: stat) {
    #if canImport(Darwin)
      let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
    #else
      let (modified, changed) = (status.st_mtim, status.st_ctim)
    #endif
    words = [
      Int64(status.st_size), Int64(truncatingIfNeeded: status.st_dev),
      Int64(truncatingIfNeeded: status.st_ino), Int64(modified.tv_sec), Int64(modified.tv_nsec),
      Int64(changed.tv_sec), Int64(changed.tv_nsec),
    ].map { UInt64(bitPattern: $0) }
  }

  /// The file's length.
  package var byteCount: Int { Int(truncatingIfNeeded: words[0]) }

  /// When the file was last changed, in seconds since 1970.
  package var changeSeconds: Double {
    Double(Int64(bitPattern: words[5])) + Double(Int64(bitPattern: words[6])) / 1e9
  }

  /// Whether the disk seems to keep whole seconds only.
  package var isCoarse: Bool { words[4] == 0 && words[6] == 0 }
}
