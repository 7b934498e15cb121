// Room: Tensors. Four byte weights as the word that the integer product reads.

internal import CVectorKernels

/// Byte weights in words.
enum QuantizedWord {
  /// Four signed bytes as a word, the first lowest.
  static func pack(_ byte: (Int) -> Int8) -> Int32 {
    var bits: UInt32 = 0
    for lane in 0..<4 { bits |= UInt32(UInt8(bitPattern: byte(lane))) << (8 * UInt32(lane)) }
    return Int32(bitPattern: bits)
  }
}

extension KernelVariant {
  /// Rows of a full panel of the integer product.
  var integerRows: Int { Int(table.pointee.integer_mr) }
}
