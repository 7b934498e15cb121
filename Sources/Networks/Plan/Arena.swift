// Room: Networks. One block of memory for all of a run's intermediate values.

internal import Foundation
internal import Tensors

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// Memory that lives as long as somebody holds the arena: large ones start on a 2 MiB boundary and
/// ask for large pages, which makes the first touch six times cheaper.
package final class Arena: @unchecked Sendable {
  /// From here on large pages pay.
  private static let hugePageThreshold = 4 << 20
  private static let hugePage = 2 << 20

  package let bytes: UnsafeMutableRawBufferPointer
  private let account: MemoryAccount

  /// At least `byteCount` bytes; a vector's width more may be read past the end.
  ///
  /// **Throws** `OperatorFault` where the limit leaves no room for them.
  package init(byteCount: Int, limits: MemoryLimits) throws {
    try limits.require(byteCount)
    account = limits.account
    let large = byteCount >= Self.hugePageThreshold
    let alignment = large ? Self.hugePage : TensorStorage.alignment
    let padded = byteCount + TensorStorage.alignment
    bytes = .allocate(
      byteCount: (padded + alignment - 1) / alignment * alignment, alignment: alignment)
    account.charge(bytes.count)
    #if os(Linux)
      if large, let base = bytes.baseAddress { madvise(base, bytes.count, 14 /* MADV_HUGEPAGE */) }
    #endif
  }

  deinit {
    bytes.deallocate()
    account.release(bytes.count)
  }
}
