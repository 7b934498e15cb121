// Room: Tensors. Rows of bytes: tables of 256 results, and maxima of neighbours.

internal import CVectorKernels

/// Leaf loops over rows of bytes, on the calling thread.
package enum ByteRows {
  /// Writes `table[byte]`, of 256, for each of `count` bytes; `target` may be the source.
  package static func look(
    up source: UnsafePointer<UInt8>, count: Int, in table: UnsafePointer<UInt8>,
    to target: UnsafeMutablePointer<UInt8>
  ) {
    KernelVariant.current.table.pointee.u8_table(count, source, table, target)
  }

  /// Writes the largest of each two by two bytes of two rows of `2 count`.
  package static func maxima(
    of first: UnsafePointer<UInt8>, _ second: UnsafePointer<UInt8>, count: Int, isSigned: Bool,
    to target: UnsafeMutablePointer<UInt8>
  ) {
    KernelVariant.current.table.pointee.u8_max_2x2(
      count, first, second, isSigned ? 0x80 : 0, target)
  }
}
