// Room: Networks. Elements of fewer than eight bits: packed in files, a byte each in memory.

package import Tensors

extension Tensor {
  /// The elements that `bytes` packs, the first in the lowest bits, as ONNX stores them.
  ///
  /// **Edge cases**: bytes that are not there count as 0; their number was checked by who read them.
  package init(unpacking bytes: UnsafeRawBufferPointer, _ type: ElementType, shape: Shape) {
    self.init(uninitialized: shape, type)
    let target = plannedBytes
    let width = type.bitWidth
    let mask = UInt8((1 << width) - 1)
    if width == 8 - width || width == 2 {
      let perByte = 8 / width
      for index in target.indices {
        let byte = index / perByte
        target[index] =
          byte < bytes.count ? bytes[byte] >> UInt8(index % perByte * width) & mask : 0
      }
      return
    }
    for index in target.indices {
      let (byte, shift) = (index * width / 8, index * width % 8)
      var pair = byte < bytes.count ? UInt16(bytes[byte]) : 0
      if byte + 1 < bytes.count { pair |= UInt16(bytes[byte + 1]) << 8 }
      target[index] = UInt8(truncatingIfNeeded: pair >> UInt16(shift)) & mask
    }
  }

  /// The elements' bytes as files have them: packed where they have fewer than eight bits.
  package func packedBytes() -> [UInt8] {
    let width = elementType.bitWidth
    guard width < 8 else { return withBytes { Array($0) } }
    return withBytes { elements in
      var result = [UInt8](repeating: 0, count: (elements.count * width + 7) / 8)
      for (index, element) in elements.enumerated() {
        let (byte, shift) = (index * width / 8, index * width % 8)
        let bits = UInt16(element) << UInt16(shift)
        result[byte] |= UInt8(truncatingIfNeeded: bits)
        if bits > 255 { result[byte + 1] |= UInt8(truncatingIfNeeded: bits >> 8) }
      }
      return result
    }
  }
}
