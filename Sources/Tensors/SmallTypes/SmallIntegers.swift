// Room: Tensors. Integers of two and four bits, as storage.

/// An integer of two or four bits, stored as its bits, one number to a byte.
///
/// **Source**: ONNX's `TensorProto.DataType`, which packs them; reading unpacks.
public protocol SmallInteger: TensorScalar, Hashable {
  /// The number's bits, in the low end of the byte.
  var bitPattern: UInt8 { get set }
  /// The number with these bits; higher ones must be 0.
  init(bitPattern: UInt8)
  /// How many bits a number has.
  static var bitWidth: Int { get }
  /// Whether the highest bit is a sign.
  static var isSigned: Bool { get }
}

extension SmallInteger {
  /// The number that `value`'s low bits are.
  public init(truncatingIfNeeded value: Int64) {
    self.init(bitPattern: UInt8(truncatingIfNeeded: value) & ((1 << UInt8(Self.bitWidth)) - 1))
  }

  /// The number.
  public var value: Int8 {
    let spare = 8 - Self.bitWidth
    return Self.isSigned
      ? Int8(bitPattern: bitPattern << spare) >> spare
      : Int8(bitPattern: (bitPattern << spare) >> spare)
  }
}

/// A whole number from -8 to 7.
public struct Int4: SmallInteger {
  /// The low four bits, two's complement.
  public var bitPattern: UInt8
  /// `ElementType.int4`
  public static var elementType: ElementType { .int4 }
  /// Four.
  public static var bitWidth: Int { 4 }
  /// It is.
  public static var isSigned: Bool { true }
  /// The number with these bits.
  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }
}

/// A whole number from 0 to 15.
public struct UInt4: SmallInteger {
  /// The low four bits.
  public var bitPattern: UInt8
  /// `ElementType.uint4`
  public static var elementType: ElementType { .uint4 }
  /// Four.
  public static var bitWidth: Int { 4 }
  /// It is not.
  public static var isSigned: Bool { false }
  /// The number with these bits.
  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }
}

/// A whole number from -2 to 1.
public struct Int2: SmallInteger {
  /// The low two bits, two's complement.
  public var bitPattern: UInt8
  /// `ElementType.int2`
  public static var elementType: ElementType { .int2 }
  /// Two.
  public static var bitWidth: Int { 2 }
  /// It is.
  public static var isSigned: Bool { true }
  /// The number with these bits.
  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }
}

/// A whole number from 0 to 3.
public struct UInt2: SmallInteger {
  /// The low two bits.
  public var bitPattern: UInt8
  /// `ElementType.uint2`
  public static var elementType: ElementType { .uint2 }
  /// Two.
  public static var bitWidth: Int { 2 }
  /// It is not.
  public static var isSigned: Bool { false }
  /// The number with these bits.
  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }
}
