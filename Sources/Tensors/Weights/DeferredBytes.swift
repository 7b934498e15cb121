// Room: Tensors. Bytes of constants that are made when somebody first reads them, or never.

internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// Constants that have to be copied or converted before a kernel can read them: weights that lie at
/// odd addresses of a file, and weights in half precision. Whoever packs them reads them in passing.
package final class DeferredBytes: @unchecked Sendable {
  package let byteCount: Int
  private let fill: @Sendable (UnsafeMutableRawPointer) -> Void
  private let letGo: @Sendable () -> Void
  /// Where the same bytes lie, at an odd address; alive as long as these.
  private let source: Source?
  /// The same numbers in half precision, in row-major order, where they are widened from these.
  let halves: Tensor?
  /// What they are called in a store of weights.
  private let identity: WeightKey?
  /// Who keeps the bytes alive where they were found; written while `memory` is locked.
  private var owner: AnyObject?
  private let account: MemoryAccount?
  private let charge: Int
  private let memory = Mutex<Int>(0)
  /// The address of `memory` once it is filled, 0 before.
  private let address = Atomic<Int>(0)

  /// Bytes that lie at an odd address, and who keeps them alive.
  // Unchecked, because a pointer is not `Sendable`: nobody writes to these bytes.
  struct Source: @unchecked Sendable {
    let base: UnsafeRawPointer
    let owner: AnyObject
  }

  /// `byteCount` bytes that `fill` writes each time they are made; `letGo` gives back the pages of a
  /// mapped file that it read.
  init(
    byteCount: Int, identity: WeightKey? = nil, halves: Tensor? = nil,
    letGo: @escaping @Sendable () -> Void = {},
    fill: @escaping @Sendable (UnsafeMutableRawPointer) -> Void
  ) {
    (self.byteCount, self.letGo, self.fill) = (byteCount, letGo, fill)
    (self.identity, self.halves, source) = (identity, halves, nil)
    account = MemoryAccount.current
    charge = PageMemory.padded(byteCount)
  }

  /// A copy of the bytes at an odd address.
  init(
    copying source: Source, byteCount: Int, identity: WeightKey?,
    letGo: @escaping @Sendable () -> Void
  ) {
    (self.byteCount, self.letGo) = (byteCount, letGo)
    (self.identity, halves, self.source) = (identity, nil, source)
    fill = { target in
      withExtendedLifetime(source.owner) {
        target.copyMemory(from: source.base, byteCount: byteCount)
      }
    }
    account = MemoryAccount.current
    charge = PageMemory.padded(byteCount)
  }

  deinit {
    guard let made = UnsafeMutableRawPointer(bitPattern: address.load(ordering: .relaxed)),
      owner == nil
    else { return }
    made.deallocate()
    account?.release(charge)
  }

  /// Whether somebody has read the bytes already.
  var isMade: Bool { address.load(ordering: .relaxed) != 0 }

  /// The bytes, made at the first call and kept.
  var base: UnsafeMutableRawPointer {
    if let made = UnsafeMutableRawPointer(bitPattern: address.load(ordering: .acquiring)) {
      return made
    }
    return memory.withLock { place in
      if let made = UnsafeMutableRawPointer(bitPattern: place) { return made }
      let made: UnsafeMutableRawPointer
      if let found = found() {
        made = UnsafeMutableRawPointer(mutating: found.base)
        owner = found.owner
      } else {
        made = PageMemory.allocate(byteCount)
        account?.charge(charge)
        fill(made)
        letGo()
        if let identity {
          account?.weights?.keep(
            identity, layout: Self.layout,
            UnsafeRawBufferPointer(start: made, count: byteCount), owner: self)
        }
      }
      place = Int(bitPattern: made)
      address.store(place, ordering: .releasing)
      return made
    }
  }

  /// The store's bytes, unless they have to be compared with some that are made.
  private func found() -> StoredBytes? {
    guard let identity, let store = account?.weights, byteCount >= store.leastBytes,
      let found = store.find(identity, byteCount: byteCount)
    else { return nil }
    guard store.doubts(identity) else { return found }
    let isSame = withPassing { memcmp($0, found.base, byteCount) == 0 }
    return store.confirm(identity, isSame: isSame) ? found : nil
  }

  private static let layout = "constants"

  func letGoOfSource() { letGo() }

  /// Lends the bytes to `body`, at whatever address they lie.
  func withBytes<Result>(_ body: (UnsafeRawPointer) throws -> Result) rethrows -> Result {
    if isMade { return try body(base) }
    guard let source else { return try withPassing { try body(UnsafeRawPointer($0)) } }
    return try withExtendedLifetime(source.owner) { try body(source.base) }
  }

  /// Lends the bytes to `body` and forgets them.
  func withPassing<Result>(_ body: (UnsafeMutableRawPointer) throws -> Result) rethrows -> Result {
    let passing = PageMemory.allocate(byteCount)
    defer { passing.deallocate() }
    fill(passing)
    return try body(passing)
  }
}
