// Room: Tensors. The 6-bit float with two exponent bits.

/// A 6-bit float of 2 exponent and 3 mantissa bits: up to 7.5, every code finite.
public struct Float6E2M3: SmallFloat {
  /// The number's bits, the low six.
  public var bitPattern: UInt8

  /// `ElementType.float6e2m3`
  public static var elementType: ElementType { .float6e2m3 }

  /// Bias 1; every code is a finite number.
  public static var format: SmallFloatFormat {
    SmallFloatFormat(exponentBits: 2, mantissaBits: 3, bias: 1, specials: .none)
  }

  /// The number with these bits.
  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }
}
