// Room: Networks. Movements of single elements: two rows taken in turns.

internal import Tensors

extension Movement {
  /// Two rows of elements of 1, 2, 4 or 8 bytes, taken in turns. False for other widths.
  static func interleave(
    _ first: UnsafeRawPointer, _ second: UnsafeRawPointer,
    into target: UnsafeMutableRawPointer, count: Int, width: Int
  ) -> Bool {
    switch width {
    case 1: interleave(UInt8.self, first, second, target, count)
    case 2: interleave(UInt16.self, first, second, target, count)
    case 4: interleave(UInt32.self, first, second, target, count)
    case 8: interleave(UInt64.self, first, second, target, count)
    default: return false
    }
    return true
  }

  private static func interleave<Bits: FixedWidthInteger>(
    _: Bits.Type, _ first: UnsafeRawPointer, _ second: UnsafeRawPointer,
    _ target: UnsafeMutableRawPointer, _ count: Int
  ) {
    let a = first.assumingMemoryBound(to: Bits.self)
    let b = second.assumingMemoryBound(to: Bits.self)
    let to = target.assumingMemoryBound(to: Bits.self)
    Parallel.elements(count) { range in
      for index in range {
        to[index &* 2] = a[index]
        to[index &* 2 &+ 1] = b[index]
      }
    }
  }
}
