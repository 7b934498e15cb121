// Room: Tensors. The 6-bit float with three exponent bits.

/// A 6-bit float of 3 exponent and 2 mantissa bits: up to 28, every code finite.
public struct Float6E3M2: SmallFloat {
  /// The number's bits, the low six.
  public var bitPattern: UInt8

  /// `ElementType.float6e3m2`
  public static var elementType: ElementType { .float6e3m2 }

  /// Bias 3; every code is a finite number.
  public static var format: SmallFloatFormat {
    SmallFloatFormat(exponentBits: 3, mantissaBits: 2, bias: 3, specials: .none)
  }

  /// The number with these bits.
  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }
}
