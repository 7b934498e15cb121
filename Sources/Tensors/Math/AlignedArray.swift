// Room: Tensors. Fixed memory for packed weights and offset tables.

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// Aligned memory for a fixed number of values, written while it is made and read ever after: its
/// own, or part of a mapped file that holds what an earlier process made.
package final class AlignedArray<Element: BitwiseCopyable>: @unchecked Sendable {
  package let base: UnsafeMutablePointer<Element>
  package let count: Int
  private let account: MemoryAccount?
  private let charge: Int
  /// Who keeps the memory alive where it is not the array's own.
  private let owner: AnyObject?

  /// Memory for `count` values, zero in every byte, which `fill` then sets; not zero where `isFilled`
  /// says that it sets all of them.
  package init(
    count: Int, isFilled: Bool = false, fill: (UnsafeMutablePointer<Element>) -> Void
  ) {
    let bytes = max(count, 1) * MemoryLayout<Element>.stride
    let memory = PageMemory.allocate(bytes)
    charge = PageMemory.padded(bytes)
    let first = isFilled ? count * MemoryLayout<Element>.stride : 0
    (memory + first).initializeMemory(as: UInt8.self, repeating: 0, count: charge - first)
    base = memory.bindMemory(to: Element.self, capacity: count)
    self.count = count
    owner = nil
    account = MemoryAccount.current
    account?.charge(charge)
    fill(base)
  }

  private init(_ stored: StoredBytes, count: Int) {
    base = UnsafeMutablePointer(
      mutating: stored.base.assumingMemoryBound(to: Element.self))
    self.count = count
    (owner, account, charge) = (stored.owner, nil, 0)
  }

  /// Memory for `count` values made of the weights `sources` in the way that `layout` names and
  /// `settings` tell, for the kernels that this thread uses.
  ///
  /// Where a store has them from an earlier process, `fill` is not called: it must depend on nothing
  /// but what is named here, and do nothing but fill. The values are only ever data, never places in
  /// memory: nobody vouches for what a file holds. With `isFilled` it sets every value.
  package static func stored(
    as layout: String, settings: [Int], of sources: [Tensor?], count: Int, isFilled: Bool = false,
    fill: (UnsafeMutablePointer<Element>) -> Void
  ) -> AlignedArray where Element: WeightElement {
    guard let account = MemoryAccount.current else {
      return made(as: layout, settings, sources, count, isFilled, store: nil, fill)
    }
    let name = SharedArrays.Name(
      layout, Element.self, settings: settings, of: sources, count: count)
    if let known = account.sharedArrays.find(name, as: Element.self) { return known }
    let array = made(
      as: layout, settings, sources, count, isFilled, store: account.weights, fill)
    account.sharedArrays.add(array, name, of: sources)
    return array
  }

  private static func made(
    as layout: String, _ settings: [Int], _ sources: [Tensor?], _ count: Int, _ isFilled: Bool,
    store: (any WeightStore)?, _ fill: (UnsafeMutablePointer<Element>) -> Void
  ) -> AlignedArray where Element: WeightElement {
    defer { for source in sources { source?.letGoOfPages() } }
    let byteCount = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard let store, !byteCount.overflow, byteCount.partialValue >= store.leastBytes
    else { return AlignedArray(count: count, isFilled: isFilled, fill: fill) }
    let key = key(layout, settings, sources, count)
    guard let found = store.find(key, byteCount: byteCount.partialValue) else {
      let made = AlignedArray(count: count, isFilled: isFilled, fill: fill)
      store.keep(key, layout: layout, made.bytes, owner: made)
      return made
    }
    guard store.doubts(key) else { return AlignedArray(found, count: count) }
    let made = AlignedArray(count: count, isFilled: isFilled, fill: fill)
    let isSame = memcmp(made.base, found.base, byteCount.partialValue) == 0
    return store.confirm(key, isSame: isSame) ? AlignedArray(found, count: count) : made
  }

  /// What an array is called in every process.
  private static func key(
    _ layout: String, _ settings: [Int], _ sources: [Tensor?], _ count: Int
  ) -> WeightKey {
    var hasher = WeightHasher()
    hasher.add(layout)
    hasher.add(KernelVariant.current.name)
    hasher.add([count, MemoryLayout<Element>.stride])
    hasher.add(settings)
    for source in sources {
      hasher.add(source == nil ? 0 : 1)
      source?.identify(&hasher)
    }
    return hasher.key
  }

  private var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: count * MemoryLayout<Element>.stride)
  }

  deinit {
    guard owner == nil else { return }
    UnsafeMutableRawPointer(base).deallocate()
    account?.release(charge)
  }
}

/// Elements of which every pattern of bits is a value.
package protocol WeightElement: BitwiseCopyable, Sendable {}
extension Float: WeightElement {}
extension Int8: WeightElement {}
extension UInt8: WeightElement {}
extension Int16: WeightElement {}
extension UInt16: WeightElement {}
extension Int32: WeightElement {}
extension UInt32: WeightElement {}
