// Room: Grids. Lossy quantisation: bits of the mantissa that mean nothing become regular, so that
// lossless compression does away with them.

/// Rounds numbers to the bits that their significant digits need.
///
/// Missing numbers (NaN) become `fill`; infinite ones and those that would overflow stay as they are.
/// **Source**: Zender 2016 (BitGroom), doi:10.5194/gmd-9-3199-2016; Kouznetsov 2021 (BitRound,
/// granular rounding), doi:10.5194/gmd-14-377-2021; CF 1.12 section 8.4.
enum Quantiser {
  /// Keeps `bits` bits of each mantissa, rounding to nearest, ties to even.
  static func bitRound<T: QuantisableFloat>(_ numbers: [T], bits: Int, fill: T) -> [T] {
    let kept = min(max(bits, 1), T.mantissaBits)
    return numbers.map { $0.isNaN ? fill : rounded($0, keeping: kept) }
  }

  /// Keeps at least `digits` significant digits with the same number of bits for all numbers, by
  /// turns clearing and setting the rest.
  static func bitGroom<T: QuantisableFloat>(_ numbers: [T], digits: Int, fill: T) -> [T] {
    // A bit more than the digits have, since bits are cut off rather than rounded.
    let kept = (Double(min(max(digits, 1), 20)) * log2Of10).rounded(.up) + 1
    let drop = T.mantissaBits - Int(kept)
    guard drop > 0 else { return numbers.map { $0.isNaN ? fill : $0 } }
    let low = (T.Bits(1) << T.Bits(drop)) &- 1
    var result = numbers
    for index in result.indices {
      let number = result[index]
      if number.isNaN {
        result[index] = fill
      } else if number.isFinite, number != 0 {
        let bits = number.bits
        result[index] = T(bits: index & 1 == 0 ? bits & ~low : bits | low)
      }
    }
    return result
  }

  /// Keeps at least `digits` significant digits, each number with as few bits as that takes.
  ///
  /// The error is at most half a unit in the last of the digits.
  static func granularBitRound<T: QuantisableFloat>(
    _ numbers: [T], digits: Int, fill: T
  ) -> [T] {
    let table = GranularTable<T>(digits: min(max(digits, 1), 20))
    return numbers.map { number in
      if number.isNaN { return fill }
      guard number.isFinite, number != 0 else { return number }
      return rounded(number, keeping: table.bits(for: number))
    }
  }

  static let log2Of10 = 3.321_928_094_887_362_3

  @inline(__always)
  private static func rounded<T: QuantisableFloat>(_ number: T, keeping kept: Int) -> T {
    let drop = T.mantissaBits - kept
    guard drop > 0, number.isFinite else { return number }
    let bits = number.bits
    let shift = T.Bits(drop)
    let half = (T.Bits(1) << (shift &- 1)) &- 1
    let even = (bits >> shift) & 1
    let result = T(bits: (bits &+ half &+ even) & ~((T.Bits(1) << shift) &- 1))
    return result.isFinite ? result : number
  }
}

/// The bits that numbers need by their binary exponent: within one, the count changes at most once,
/// at a power of ten.
private struct GranularTable<T: QuantisableFloat> {
  private var below: [Int8]
  private var above: [Int8]
  private var threshold: [T]

  init(digits: Int) {
    let exponents = Int(T.infinity.bits >> T.Bits(T.mantissaBits))
    below = []
    above = []
    threshold = []
    for field in 0..<exponents {
      // Subnormal numbers have no exponent of their own: all of their bits are kept.
      guard field > 0 else {
        below.append(Int8(T.mantissaBits))
        above.append(Int8(T.mantissaBits))
        threshold.append(.infinity)
        continue
      }
      let exponent = field - exponents / 2
      let least = T(bits: T.Bits(field) << T.Bits(T.mantissaBits))
      let decimals = GranularTable.digitsBeforePoint(least)
      // The next power of ten, which may lie within this exponent or beyond it.
      let exact = GranularTable.power(decimals)
      let nearest = T(exact)
      let power = Double(nearest) < exact ? nearest.nextUp : nearest
      below.append(GranularTable.bits(exponent, decimals, digits))
      above.append(GranularTable.bits(exponent, decimals + 1, digits))
      threshold.append(power)
    }
  }

  @inline(__always)
  func bits(for number: T) -> Int {
    let magnitude = number.magnitude
    let field = Int(magnitude.bits >> T.Bits(T.mantissaBits))
    return Int(magnitude < threshold[field] ? below[field] : above[field])
  }

  /// Explicit bits such that rounding to them errs by at most half a unit of the last digit.
  private static func bits(_ exponent: Int, _ decimals: Int, _ digits: Int) -> Int8 {
    let quantum = (Double(decimals - digits) * Quantiser.log2Of10).rounded(.down)
    return Int8(min(max(Double(exponent) - quantum, 0), Double(T.mantissaBits)))
  }

  /// `n` such that 10^(n-1) ≤ number < 10^n.
  private static func digitsBeforePoint(_ number: T) -> Int {
    let wide = Double(number)
    var digits = Int((log2Approximation(wide) / Quantiser.log2Of10).rounded(.down)) + 1
    while wide >= power(digits) { digits += 1 }
    while wide < power(digits - 1) { digits -= 1 }
    return digits
  }

  private static func log2Approximation(_ number: Double) -> Double {
    Double(number.exponent) + (number.significand - 1)
  }

  /// 10^n; infinite or 0 where a double has none such.
  private static func power(_ n: Int) -> Double { Double("1e\(n)") ?? (n > 0 ? .infinity : 0) }
}

/// A binary floating-point number whose bits can be had.
protocol QuantisableFloat: BinaryFloatingPoint, Sendable {
  associatedtype Bits: FixedWidthInteger & UnsignedInteger
  static var mantissaBits: Int { get }
  var bits: Bits { get }
  init(bits: Bits)
}

extension Float: QuantisableFloat {
  static var mantissaBits: Int { 23 }
  var bits: UInt32 { bitPattern }
  init(bits: UInt32) { self = Float(bitPattern: bits) }
}

extension Double: QuantisableFloat {
  static var mantissaBits: Int { 52 }
  var bits: UInt64 { bitPattern }
  init(bits: UInt64) { self = Double(bitPattern: bits) }
}
