// Room: Tensors. The 4-bit float.

/// A 4-bit float of 2 exponent bits and 1 mantissa bit: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their opposites.
public struct Float4E2M1: SmallFloat {
  /// The number's bits, the low four.
  public var bitPattern: UInt8

  /// `ElementType.float4e2m1`
  public static var elementType: ElementType { .float4e2m1 }

  /// Bias 1; every code is a finite number.
  public static var format: SmallFloatFormat {
    SmallFloatFormat(exponentBits: 2, mantissaBits: 1, bias: 1, specials: .none)
  }

  /// The number with these bits.
  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }
}
