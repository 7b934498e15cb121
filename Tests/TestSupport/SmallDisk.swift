// Test support: a disk of a few hundred kilobytes, to be filled.

import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// A small file system in memory, where the system lets tests mount one.
public final class SmallDisk: Sendable {
  /// Where it is mounted.
  public let path: String

  /// Whether this process may mount file systems.
  public static let isAvailable = (try? SmallDisk(kilobytes: 64)) != nil

  /// Mounts a disk of this size.
  public init(kilobytes: Int) throws {
    path = FileManager.default.temporaryDirectory
      .appending(path: "squall-disk-\(UUID().uuidString)").path(percentEncoded: false)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    #if canImport(Glibc)
      if mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k") == 0 { return }
    #endif
    try? FileManager.default.removeItem(atPath: path)
    throw CocoaError(.featureUnsupported)
  }

  deinit {
    #if canImport(Glibc)
      umount2(path, Int32(MNT_DETACH))
    #endif
    try? FileManager.default.removeItem(atPath: path)
  }

  /// The names of everything on the disk.
  public func contents() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }
}
