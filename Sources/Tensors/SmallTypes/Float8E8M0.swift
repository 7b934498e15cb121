// Room: Tensors. The 8-bit power of two, which scales blocks of other small floats.

/// A power of two from 2⁻¹²⁷ to 2¹²⁷, or NaN: an exponent of eight bits, no sign, no mantissa.
public struct Float8E8M0: SmallFloat {
  /// The exponent plus 127; 255 is NaN.
  public var bitPattern: UInt8

  /// `ElementType.float8e8m0`
  public static var elementType: ElementType { .float8e8m0 }

  /// Not that of the others: only the width of the fields is used.
  public static var format: SmallFloatFormat {
    SmallFloatFormat(exponentBits: 8, mantissaBits: 0, bias: 127, specials: .lastIsNaN)
  }

  /// The number with these bits.
  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }

  /// The power of two next to `value`'s magnitude.
  ///
  /// **Edge cases**: NaN stays one; what is too large, and infinity, becomes 2¹²⁷ where `rounding`
  /// saturates, else NaN; zero and what is too small become 2⁻¹²⁷; signs are lost, since ONNX leaves
  /// negative numbers open.
  public init(_ value: Float, rounding: SmallFloatRounding = .init()) {
    let bits = value.magnitude.bitPattern
    let exponent = bits >> 23
    let fraction = bits & 0x7f_ffff
    guard !value.isNaN else {
      self.init(bitPattern: 255)
      return
    }
    let goesUp: Bool
    switch rounding.mode {
    case .down: goesUp = false
    // The smallest code is a subnormal float, whose fraction is a half.
    case .up: goesUp = fraction > (exponent > 0 ? 0 : 0x40_0000)
    case .nearest: goesUp = fraction >= (exponent > 0 ? 0x40_0000 : 0x60_0000)
    }
    let rounded = exponent == 255 ? 255 : exponent + (goesUp ? 1 : 0)
    self.init(bitPattern: rounded < 255 ? UInt8(rounded) : rounding.saturates ? 254 : 255)
  }

  /// The number of each code: a subnormal `Float` for 0.
  static func values() -> [Float] {
    (0..<256).map { code in
      code == 255 ? .nan : Float(sign: .plus, exponent: code - 127, significand: 1)
    }
  }
}
