// Room: Tensors. The two 16-bit floating-point formats, as storage: arithmetic is done in Float.

/// An IEEE 754 binary16 number, stored as its bits.
///
/// Squall stores half-precision numbers and widens them to compute; the type therefore only
/// converts. Conversion from `Float` rounds to nearest, ties to even.
public struct Half: TensorScalar, Hashable {
  /// The number's sixteen bits.
  public var bitPattern: UInt16

  /// `ElementType.float16`
  public static var elementType: ElementType { .float16 }

  /// The number with these bits.
  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// The nearest half-precision number to `value`, ties to even.
  ///
  /// **Edge cases**: too large becomes infinity, NaN stays a (quiet) NaN, subnormals are kept.
  public init(_ value: Float) {
    let bits = value.bitPattern
    let sign = UInt16(truncatingIfNeeded: (bits >> 16) & 0x8000)
    let magnitude = bits & 0x7fff_ffff
    if magnitude >= 0x7f80_0000 {
      let payload = UInt16(truncatingIfNeeded: (magnitude >> 13) & 0x3ff)
      bitPattern = sign | 0x7c00 | (magnitude > 0x7f80_0000 ? payload | 0x200 : 0)
    } else if magnitude >= 0x4780_0000 {
      bitPattern = sign | 0x7c00
    } else if magnitude >= 0x3880_0000 {
      // Normal: re-bias the exponent, round the 13 bits that go; a carry may reach infinity.
      let rebiased = magnitude &- 0x3800_0000
      let rounded = (rebiased &+ 0xfff &+ ((rebiased >> 13) & 1)) >> 13
      bitPattern = sign | UInt16(truncatingIfNeeded: rounded)
    } else {
      // Subnormal: a multiple of 2^-24, rounded by the addition's own rounding.
      let scaled = (Float(bitPattern: magnitude) * 0x1p24).rounded(.toNearestOrEven)
      bitPattern = sign | UInt16(scaled)
    }
  }
}

/// A bfloat16 number (the upper half of a `Float`), stored as its bits.
public struct BFloat16: TensorScalar, Hashable {
  /// The number's sixteen bits.
  public var bitPattern: UInt16

  /// `ElementType.bfloat16`
  public static var elementType: ElementType { .bfloat16 }

  /// The number with these bits.
  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// The nearest bfloat16 number to `value`, ties to even; NaN stays a (quiet) NaN.
  public init(_ value: Float) {
    let bits = value.bitPattern
    if value.isNaN {
      bitPattern = UInt16(truncatingIfNeeded: bits >> 16) | 0x40
    } else {
      bitPattern = UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ ((bits >> 16) & 1)) >> 16)
    }
  }
}

extension Float {
  /// The number `half` stands for, exactly.
  public init(_ half: Half) {
    let sign = UInt32(half.bitPattern & 0x8000) << 16
    let magnitude = UInt32(half.bitPattern & 0x7fff)
    if magnitude >= 0x7c00 {
      self.init(bitPattern: sign | 0x7f80_0000 | ((magnitude & 0x3ff) << 13))
    } else if magnitude >= 0x0400 {
      self.init(bitPattern: sign | ((magnitude << 13) &+ 0x3800_0000))
    } else {
      let value = Float(magnitude) * 0x1p-24
      self.init(bitPattern: sign | value.bitPattern)
    }
  }

  /// The number `value` stands for, exactly.
  public init(_ value: BFloat16) {
    self.init(bitPattern: UInt32(value.bitPattern) << 16)
  }
}
