// Room: Tensors. The 8-bit float with four exponent bits, NaN and no infinity.

/// An 8-bit float of 4 exponent and 3 mantissa bits: up to 448, with NaN, without infinity.
public struct Float8E4M3FN: SmallFloat {
  /// The number's bits.
  public var bitPattern: UInt8

  /// `ElementType.float8e4m3fn`
  public static var elementType: ElementType { .float8e4m3fn }

  /// Bias 7; all ones are NaN.
  public static var format: SmallFloatFormat {
    SmallFloatFormat(exponentBits: 4, mantissaBits: 3, bias: 7, specials: .lastIsNaN)
  }

  /// The number with these bits.
  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }
}
