// Room: Tensors. The 8-bit float with five exponent bits and no negative zero.

/// An 8-bit float of 5 exponent and 2 mantissa bits: up to 57344, without infinity and negative zero.
public struct Float8E5M2FNUZ: SmallFloat {
  /// The number's bits.
  public var bitPattern: UInt8

  /// `ElementType.float8e5m2fnuz`
  public static var elementType: ElementType { .float8e5m2fnuz }

  /// Bias 16; the code of negative zero is NaN.
  public static var format: SmallFloatFormat {
    SmallFloatFormat(exponentBits: 5, mantissaBits: 2, bias: 16, specials: .negativeZeroIsNaN)
  }

  /// The number with these bits.
  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }
}
