// Room: Tensors. The memory under tensors: own and aligned, or borrowed from a mapped file.

internal import Synchronization

/// Memory that tensors share: 64-byte-aligned memory of its own, or bytes that an owner (a mapped
/// file, an arena) keeps alive.
///
/// The class is a handle: value semantics is `Tensor`'s affair, which copies storage that is
/// shared or read-only before it writes.
package final class TensorStorage: @unchecked Sendable {
  /// Alignment of memory that Squall allocates: one cache line, one 512-bit vector.
  package static let alignment = 64

  package let byteCount: Int
  /// Where the bytes lie; nil where they are made when they are first read.
  private let fixed: UnsafeMutableRawPointer?
  let deferred: DeferredBytes?
  /// Whether the bytes are pages of a file, which can be given back and are read again when asked for.
  private let isMapped: Bool
  /// What tells constants from all others of their network, where their origin is known.
  package let identity: WeightKey?
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
    fixed = PageMemory.allocate(byteCount)
    isMapped = false
    deferred = nil
    identity = nil
    self.byteCount = byteCount
    isWritable = true
    owner = nil
    account = MemoryAccount.current
    charge = Atomic(account == nil ? 0 : padded + 2 * Self.alignment)
    account?.charge(padded + 2 * Self.alignment)
  }

  /// Read-only bytes that `owner` keeps alive, of a mapped file or in memory. `identity` names them,
  /// where they have a name.
  package init(
    borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject, isMapped: Bool = false,
    identity: WeightKey? = nil
  ) {
    self.isMapped = isMapped
    fixed = UnsafeMutableRawPointer(
      mutating: bytes.baseAddress ?? UnsafeRawPointer(Self.nowhere))
    deferred = nil
    self.identity = identity
    byteCount = bytes.count
    isWritable = false
    self.owner = owner
    account = nil
    charge = Atomic(0)
  }

  /// Read-only bytes that are made when they are first read.
  package init(_ deferred: DeferredBytes, identity: WeightKey? = nil) {
    fixed = nil
    isMapped = false
    self.deferred = deferred
    self.identity = identity
    byteCount = deferred.byteCount
    isWritable = false
    owner = deferred
    account = nil
    charge = Atomic(0)
  }

  /// Writable bytes of an arena that `owner` keeps alive. The arena's planner, not copy-on-write,
  /// sees to it that nobody else uses them meanwhile.
  package init(arena bytes: UnsafeMutableRawBufferPointer, owner: AnyObject) {
    fixed = bytes.baseAddress ?? Self.nowhere
    isMapped = false
    deferred = nil
    identity = nil
    byteCount = bytes.count
    isWritable = true
    self.owner = owner
    account = nil
    charge = Atomic(0)
  }

  /// What storage of no bytes points to.
  private nonisolated(unsafe) static let nowhere = UnsafeMutableRawPointer.allocate(
    byteCount: alignment, alignment: alignment)

  /// Hands the memory over: from now on it is not on the account of the work that made it.
  package func settle() {
    guard let account else { return }
    account.release(charge.exchange(0, ordering: .relaxed))
  }

  deinit {
    settle()
    if owner == nil { fixed?.deallocate() }
  }

  /// The first byte.
  package var base: UnsafeMutableRawPointer {
    if let fixed { return fixed }
    return deferred?.base ?? Self.nowhere
  }

  /// A number that no other storage has while this one lives.
  package var place: Int {
    if let fixed, fixed != Self.nowhere { return Int(bitPattern: fixed) }
    return Int(bitPattern: Unmanaged.passUnretained(self).toOpaque())
  }

  /// Lets the system take back pages of a mapped file that the bytes lie in or are made from.
  func letGoOfPages() {
    if let deferred {
      deferred.letGoOfSource()
    } else if isMapped, let fixed {
      MappedPages.letGo(UnsafeRawBufferPointer(start: fixed, count: byteCount))
    }
  }
}
