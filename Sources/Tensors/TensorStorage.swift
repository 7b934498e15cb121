// Room: Tensors. The memory under tensors: own and aligned, or borrowed from a mapped file.

internal import Foundation
internal import Synchronization

/// Memory that tensors share: 64-byte-aligned memory of its own, or bytes that an owner (a mapped
/// file, an arena) keeps alive.
///
/// The class is a handle: value semantics is `Tensor`'s affair, which copies storage that is
/// shared or read-only before it writes.
package final class TensorStorage: @unchecked Sendable {
  /// Alignment of memory that Squall allocates: one cache line, one 512-bit vector.
  package static let alignment = 64

  package let base: UnsafeMutableRawPointer
  package let byteCount: Int
  /// Whether the bytes may be written: a mapped file's may not.
  package let isWritable: Bool
  private let owner: AnyObject?
  /// Who is charged for own memory, and with how much still.
  private let account: MemoryAccount?
  private let charge: Atomic<Int>

  /// Own memory, not initialised. At least one byte is always there, so that `base` is real.
  package init(byteCount: Int) {
    precondition(byteCount >= 0)
    // Vector kernels may read, never write, up to a full vector past the end.
    let padded = (byteCount + Self.alignment - 1) / Self.alignment * Self.alignment
    base = Self.allocate(padded + Self.alignment)
    self.byteCount = byteCount
    isWritable = true
    owner = nil
    account = MemoryAccount.current
    charge = Atomic(account == nil ? 0 : padded + 2 * Self.alignment)
    account?.charge(padded + 2 * Self.alignment)
  }

  /// Read-only bytes that `owner` keeps alive.
  package init(borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject) {
    base = UnsafeMutableRawPointer(
      mutating: bytes.baseAddress ?? UnsafeRawPointer(Self.nowhere))
    byteCount = bytes.count
    isWritable = false
    self.owner = owner
    account = nil
    charge = Atomic(0)
  }

  /// Writable bytes of an arena that `owner` keeps alive. The arena's planner, not copy-on-write,
  /// sees to it that nobody else uses them meanwhile.
  package init(arena bytes: UnsafeMutableRawBufferPointer, owner: AnyObject) {
    base = bytes.baseAddress ?? Self.nowhere
    byteCount = bytes.count
    isWritable = true
    self.owner = owner
    account = nil
    charge = Atomic(0)
  }

  /// What storage of no bytes points to.
  private nonisolated(unsafe) static let nowhere = UnsafeMutableRawPointer.allocate(
    byteCount: alignment, alignment: alignment)

  /// Memory aligned for vectors; large memory for large pages, which are touched several times
  /// faster the first time.
  private static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let page = 2 << 20
    guard byteCount >= 2 * page else {
      return .allocate(byteCount: byteCount, alignment: alignment)
    }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: page)
    #if os(Linux)
      // Advice only: where the system declines, the memory is as good.
      madvise(memory, byteCount, MADV_HUGEPAGE)
    #endif
    return memory
  }

  /// Hands the memory over: from now on it is not on the account of the work that made it.
  package func settle() {
    guard let account else { return }
    account.release(charge.exchange(0, ordering: .relaxed))
  }

  deinit {
    settle()
    if owner == nil { base.deallocate() }
  }
}
