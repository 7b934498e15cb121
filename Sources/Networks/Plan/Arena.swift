// Room: Networks. One block of memory for all of a run's intermediate values.

internal import Tensors

/// Memory that lives as long as somebody holds the arena, in large pages where it is large.
package final class Arena: @unchecked Sendable {
  package let bytes: UnsafeMutableRawBufferPointer
  private let account: MemoryAccount

  /// At least `byteCount` bytes; a vector's width more may be read past the end.
  ///
  /// **Throws** `OperatorFault` where the limit leaves no room for them.
  package init(byteCount: Int, limits: MemoryLimits) throws {
    try limits.require(byteCount)
    account = limits.account
    bytes = UnsafeMutableRawBufferPointer(
      start: PageMemory.allocate(byteCount), count: PageMemory.padded(byteCount))
    account.charge(bytes.count)
  }

  deinit {
    bytes.deallocate()
    account.release(bytes.count)
  }
}
