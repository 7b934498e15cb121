// Room: Tensors. The 8-bit float with four exponent bits and no negative zero.

/// An 8-bit float of 4 exponent and 3 mantissa bits: up to 240, without infinity and negative zero.
public struct Float8E4M3FNUZ: SmallFloat {
  /// The number's bits.
  public var bitPattern: UInt8

  /// `ElementType.float8e4m3fnuz`
  public static var elementType: ElementType { .float8e4m3fnuz }

  /// Bias 8; the code of negative zero is NaN.
  public static var format: SmallFloatFormat {
    SmallFloatFormat(exponentBits: 4, mantissaBits: 3, bias: 8, specials: .negativeZeroIsNaN)
  }

  /// The number with these bits.
  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }
}
