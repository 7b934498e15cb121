// Room: Tensors. The 8-bit float with five exponent bits, laid out as IEEE 754 would.

/// An 8-bit float of 5 exponent and 2 mantissa bits: up to 57344, with infinities and NaN.
public struct Float8E5M2: SmallFloat {
  /// The number's bits.
  public var bitPattern: UInt8

  /// `ElementType.float8e5m2`
  public static var elementType: ElementType { .float8e5m2 }

  /// Bias 15; the highest exponent is infinity and NaN.
  public static var format: SmallFloatFormat {
    SmallFloatFormat(exponentBits: 5, mantissaBits: 2, bias: 15, specials: .ieee)
  }

  /// The number with these bits.
  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }
}
