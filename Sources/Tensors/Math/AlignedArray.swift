// Room: Tensors. Fixed memory for packed weights and offset tables.

/// Aligned memory for a fixed number of values, written while it is made and read ever after.
package final class AlignedArray<Element: BitwiseCopyable>: @unchecked Sendable {
  package let base: UnsafeMutablePointer<Element>
  package let count: Int
  private let account: MemoryAccount?
  private let byteCount: Int

  /// Memory for `count` values, zero in every byte, which `fill` then sets.
  package init(count: Int, fill: (UnsafeMutablePointer<Element>) -> Void) {
    let bytes = max(count, 1) * MemoryLayout<Element>.stride + TensorStorage.alignment
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: bytes, alignment: TensorStorage.alignment)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    base = memory.bindMemory(to: Element.self, capacity: count)
    self.count = count
    byteCount = bytes
    account = MemoryAccount.current
    account?.charge(bytes)
    fill(base)
  }

  deinit {
    UnsafeMutableRawPointer(base).deallocate()
    account?.release(byteCount)
  }
}
