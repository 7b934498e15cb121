// Room: Tensors. What the floating-point formats of eight bits and fewer share.

/// A floating-point number of at most eight bits, stored as its bits, one number to a byte.
///
/// These are storage formats: arithmetic is done in `Float`, to which conversion is exact.
///
/// **Source**: ONNX's `TensorProto.DataType` and operator `Cast`; OCP MX 1.0 for those below a byte.
public protocol SmallFloat: TensorScalar, Hashable {
  /// The number's bits, in the low end of the byte.
  var bitPattern: UInt8 { get set }

  /// How the bits are laid out.
  static var format: SmallFloatFormat { get }

  /// The number with these bits.
  init(bitPattern: UInt8)

  /// The number that `value` is rounded to.
  init(_ value: Float, rounding: SmallFloatRounding)
}

/// What becomes of a number that a small format cannot hold.
public struct SmallFloatRounding: Sendable, Hashable {
  /// Which neighbour a power of two without mantissa (`Float8E8M0`) takes.
  public enum Mode: String, Sendable, Hashable {
    case up, down, nearest
  }

  /// Whether what is too large becomes the largest finite number, rather than infinity or NaN.
  public var saturates: Bool
  /// Whether infinity does so too in the formats without a negative zero (since opset 24).
  public var saturatesInfinity: Bool
  /// For `Float8E8M0`; all other formats round to nearest, ties to even.
  public var mode: Mode

  /// How to round; as ONNX's newest `Cast` does unless told otherwise.
  public init(saturates: Bool = true, saturatesInfinity: Bool = true, mode: Mode = .up) {
    self.saturates = saturates
    self.saturatesInfinity = saturatesInfinity
    self.mode = mode
  }
}

/// The layout of a small floating-point format with a sign, an exponent and a mantissa.
public struct SmallFloatFormat: Sendable, Hashable {
  /// Which codes stand for something else than finite numbers.
  public enum Specials: Sendable, Hashable {
    /// The highest exponent means infinity and NaN.
    case ieee
    /// All ones mean NaN; there is no infinity.
    case lastIsNaN
    /// Negative zero's code means NaN; there is neither infinity nor negative zero.
    case negativeZeroIsNaN
    /// Every code is a finite number.
    case none
  }

  /// How many bits the exponent has.
  public let exponentBits: Int
  /// How many bits the mantissa has.
  public let mantissaBits: Int
  /// What is subtracted from the exponent's bits.
  public let bias: Int
  /// What the codes for no finite numbers are.
  public let specials: Specials

  /// The code of the largest finite number.
  private var largest: Int {
    let top = 1 << (exponentBits + mantissaBits)
    switch specials {
    case .ieee: return top - (1 << mantissaBits) - 1
    case .lastIsNaN: return top - 2
    case .negativeZeroIsNaN, .none: return top - 1
    }
  }

  private var signBit: Int { 1 << (exponentBits + mantissaBits) }

  /// The number that each code stands for, exactly; codes beyond the format's bits mean NaN.
  func values() -> [Float] {
    (0..<256).map { code in
      let magnitude = code & (signBit - 1)
      let isNegative = code & signBit != 0
      guard code < 2 * signBit else { return .nan }
      if specials == .negativeZeroIsNaN, isNegative, magnitude == 0 { return .nan }
      if magnitude > largest {
        let isInfinite = specials == .ieee && magnitude == largest + 1
        let special = isInfinite ? Float.infinity : .nan
        return isNegative ? -special : special
      }
      let exponent = magnitude >> mantissaBits
      let fraction = magnitude & ((1 << mantissaBits) - 1)
      let significand = Float(exponent == 0 ? fraction : fraction + (1 << mantissaBits))
      let scale = Float(
        sign: .plus, exponent: max(exponent, 1) - bias - mantissaBits, significand: 1)
      return isNegative ? -(significand * scale) : significand * scale
    }
  }

  /// The code of the number nearest to `value`, ties to even.
  ///
  /// **Edge cases**: NaN where the format has none becomes negative zero; see `SmallFloatRounding`
  /// for what is too large.
  func code(_ value: Float, _ rounding: SmallFloatRounding) -> UInt8 {
    let sign = value.sign == .minus ? signBit : 0
    if value.isNaN { return UInt8(notANumber(sign)) }
    if value.isInfinite, specials == .negativeZeroIsNaN, !rounding.saturatesInfinity {
      return UInt8(signBit)
    }
    guard value.isFinite else { return UInt8(overflowed(sign, rounding)) }
    let magnitude = value.magnitude
    // Below the smallest normal number the steps no longer shrink.
    let exponent = magnitude == 0 ? 1 - bias : max(Int(magnitude.exponent), 1 - bias)
    let step = Float(sign: .plus, exponent: exponent - mantissaBits, significand: 1)
    let count = Int((magnitude / step).rounded(.toNearestOrEven))
    let code = ((exponent + bias - 1) << mantissaBits) + count
    if code > largest { return UInt8(overflowed(sign, rounding)) }
    if code == 0, specials == .negativeZeroIsNaN { return 0 }
    return UInt8(sign | code)
  }

  private func notANumber(_ sign: Int) -> Int {
    switch specials {
    case .ieee: sign | (signBit - (1 << mantissaBits)) | (1 << (mantissaBits - 1))
    case .lastIsNaN: sign | (signBit - 1)
    case .negativeZeroIsNaN, .none: signBit
    }
  }

  private func overflowed(_ sign: Int, _ rounding: SmallFloatRounding) -> Int {
    if rounding.saturates || specials == .none { return sign | largest }
    return specials == .ieee ? sign | (largest + 1) : notANumber(sign)
  }
}

extension SmallFloat {
  /// The number that `value` is rounded to: nearest, ties to even.
  public init(_ value: Float, rounding: SmallFloatRounding = .init()) {
    self.init(bitPattern: Self.format.code(value, rounding))
  }

  /// The number, exactly.
  public var float: Float { SmallFloatTables.values(of: Self.self)[Int(bitPattern)] }
}
