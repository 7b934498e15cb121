// Room: Tensors. What tells arrays made from weights apart, whatever process made them.

/// A 128-bit name of something made from weights: equal for equal makings, in every process.
package struct WeightKey: Hashable, Sendable {
  package var high: UInt64, low: UInt64

  package init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }
}

/// Makes keys and checksums of words and bytes. Not for secrets: who can write a pack file can write
/// the network beside it.
package struct WeightHasher: Sendable {
  private var lanes: SIMD4<UInt64>
  private var length: UInt64 = 0

  private static let factors = SIMD4<UInt64>(
    0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0xD6E8_FEB8_6659_FD93)

  package init() { lanes = SIMD4(1, 2, 3, 5) &* Self.factors }

  /// Both halves of a product, mixed: one changed bit changes half of the result.
  @inline(__always)
  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  @inline(__always)
  private static func absorb(_ lane: UInt64, _ word: UInt64, _ factor: UInt64) -> UInt64 {
    // The word is added once more, so that a lane that equals it does not forget it.
    mix(lane ^ word, factor) &+ word.byteSwapped
  }

  /// Takes in a number.
  package mutating func add(_ number: Int) {
    let word = UInt64(bitPattern: Int64(number))
    for index in 0..<4 {
      lanes[index] = Self.absorb(lanes[index], word, Self.factors[3 - index])
    }
    length &+= 8
  }

  /// Takes in numbers and how many they are.
  package mutating func add(_ numbers: [Int]) {
    add(numbers.count)
    for number in numbers { add(number) }
  }

  /// Takes in a text.
  package mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      add(utf8.count)
      add(UnsafeRawBufferPointer(utf8))
    }
  }

  /// Takes in another key.
  package mutating func add(_ key: WeightKey) {
    add(Int(truncatingIfNeeded: key.high))
    add(Int(truncatingIfNeeded: key.low))
  }

  /// Takes in bytes, about ten a nanosecond; blocks that follow each other give what all of them
  /// together give when their lengths are multiples of 32.
  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    var (a, b, c, d) = (lanes[0], lanes[1], lanes[2], lanes[3])
    var offset = 0
    while offset + 32 <= bytes.count {
      a = Self.absorb(
        a, base.loadUnaligned(fromByteOffset: offset, as: UInt64.self), Self.factors[0])
      b = Self.absorb(
        b, base.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self), Self.factors[1])
      c = Self.absorb(
        c, base.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self), Self.factors[2])
      d = Self.absorb(
        d, base.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self), Self.factors[3])
      offset += 32
    }
    lanes = SIMD4(a, b, c, d)
    length &+= UInt64(offset)
    let rest = bytes.count - offset
    guard rest > 0 else { return }
    var words = SIMD4<UInt64>(repeating: 0)
    withUnsafeMutableBytes(of: &words) {
      $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset...]))
    }
    for index in 0..<4 {
      lanes[index] = Self.absorb(lanes[index], words[index], Self.factors[index])
    }
    length &+= UInt64(rest)
  }

  /// The key of everything taken in.
  package var key: WeightKey {
    func half(_ factor: UInt64) -> UInt64 {
      var value = length ^ factor
      for index in 0..<4 { value = Self.absorb(value, lanes[index], factor &+ UInt64(2 * index)) }
      value ^= value >> 29
      return Self.mix(value, Self.factors[0]) ^ value
    }
    return WeightKey(high: half(0xA076_1D64_78BD_642F), low: half(0xE703_7ED1_A0B4_28DB))
  }
}
