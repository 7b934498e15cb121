// Room: Grids. From numbers in one unit to numbers in another.

internal import Foundation

/// How numbers in one unit become numbers in another: `value × scale + offset`, or a curve where one of
/// the units is logarithmic, or `scale / value` between a unit and its reciprocal.
public struct UnitConversion: Sendable, Hashable {
  private enum Curve: Sendable, Hashable {
    /// value × scale + offset
    case line
    /// scale × exp(value × rate)
    case exponential(rate: Double)
    /// scale × ln(value) + offset
    case logarithm
    /// scale / value
    case reciprocal
  }

  /// Multiplies the number.
  public var scale: Double
  /// Is added afterwards.
  public var offset: Double
  private var curve = Curve.line

  /// Makes a linear conversion.
  public init(scale: Double, offset: Double) {
    self.scale = scale
    self.offset = offset
  }

  /// Finds the conversion from its values at a few places; nil where it is none of the kinds known.
  init?(sampling convert: (Double) -> Double) {
    let (zero, one, two, four) = (convert(0), convert(1), convert(2), convert(4))
    // Far out the offset no longer blurs the scale, but logarithms take no large numbers.
    for far in [0x1p60, 64] where zero.isFinite {
      let (scale, probe) = ((convert(far) - zero) / far, convert(48))
      if scale.isFinite, scale != 0,
        abs(probe - (48 * scale + zero)) <= 1e-9 * max(abs(probe), abs(zero))
      {
        self.init(scale: scale, offset: far == 64 && abs(zero) < 1e-12 * abs(scale) ? 0 : zero)
        return
      }
    }
    if one.isFinite, one != 0, abs(2 * two - one) <= 1e-12 * abs(one),
      abs(4 * four - one) <= 1e-12 * abs(one)
    {
      self.init(scale: one, offset: 0)
      curve = .reciprocal
      return
    }
    if zero.isFinite, zero > 0, one > 0, abs(two * zero - one * one) <= 1e-9 * one * one {
      self.init(scale: zero, offset: 0)
      curve = .exponential(rate: log(convert(64) / zero) / 64)
      return
    }
    guard one.isFinite, two.isFinite, four.isFinite,
      abs(four - 2 * two + one) <= 1e-9 * max(abs(four), abs(one), 1)
    else { return nil }
    self.init(scale: (convert(0x1p40) - one) / (40 * log(2)), offset: one)
    curve = .logarithm
  }

  /// Whether the conversion is `value × scale + offset`.
  public var isLinear: Bool { curve == .line }

  /// Whether numbers stay as they are.
  public var isIdentity: Bool { isLinear && scale == 1 && offset == 0 }

  /// The converted number; NaN stays NaN, and what has no logarithm becomes NaN or minus infinity.
  public func callAsFunction(_ value: Double) -> Double {
    switch curve {
    case .line: value * scale + offset
    case .exponential(let rate): scale * exp(value * rate)
    case .logarithm: scale * log(value) + offset
    case .reciprocal: scale / value
    }
  }

  /// Converts all of `values`, computing in double precision and rounding once.
  public func apply(to values: inout [Float]) {
    if isIdentity { return }
    guard isLinear else {
      for index in values.indices { values[index] = Float(self(Double(values[index]))) }
      return
    }
    let (scale, offset) = (scale, offset)
    for index in values.indices {
      values[index] = Float(Double(values[index]) * scale + offset)
    }
  }
}
