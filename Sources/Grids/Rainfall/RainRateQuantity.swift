// Room: Grids. What a precipitation variable measures, and how it becomes a rain rate in mm h-1.

internal import Foundation

/// What a precipitation variable measures, told by its units.
///
/// A kilogram of water on a square metre stands a millimetre high, so mass and depth are the same.
public enum RainRateQuantity: Sendable, Hashable {
  /// Water per time: multiply by `toMillimetresPerHour`.
  case rate(toMillimetresPerHour: Double)
  /// Water since the start of a period: multiply by `toMillimetres`, divide by the period.
  case amount(toMillimetres: Double)
  /// Radar reflectivity in dBZ, which a Z–R relation turns into a rate.
  case reflectivity

  /// Tells the quantity from units, or nil where they are those of no precipitation.
  ///
  /// Edge cases: `m s-1` and `m` are units of rain too; whether a variable with them is rain only
  /// its name can say.
  public init?(units: String) {
    if ["dbz", "dbz0", "dbz_h"].contains(units.lowercased()) {
      self = .reflectivity
      return
    }
    guard !units.isEmpty, let unit = try? PhysicalUnit(units) else { return nil }
    for target in ["mm h-1", "kg m-2 h-1"] {
      if let scale = RainRateQuantity.scale(unit, target) {
        self = .rate(toMillimetresPerHour: scale)
        return
      }
    }
    for target in ["mm", "kg m-2"] {
      if let scale = RainRateQuantity.scale(unit, target) {
        self = .amount(toMillimetres: scale)
        return
      }
    }
    return nil
  }

  private static func scale(_ unit: PhysicalUnit, _ target: String) -> Double? {
    guard let target = try? PhysicalUnit(target), let found = try? unit.conversion(to: target),
      found.isLinear,
      found.offset == 0
    else { return nil }
    // UDUNITS reaches factors such as 3600 by division; the last digits are its rounding.
    let rounded = (found.scale * 1e9).rounded() / 1e9
    return abs(rounded - found.scale) <= 1e-12 * abs(found.scale) ? rounded : found.scale
  }
}

/// A relation Z = a R^b between reflectivity Z in mm6 m-3 and rain rate R in mm h-1.
public struct ReflectivityRelation: Sendable, Hashable {
  /// The factor.
  public var a: Double
  /// The exponent.
  public var b: Double

  /// Makes a relation.
  public init(a: Double, b: Double) {
    self.a = a
    self.b = b
  }

  /// Z = 200 R^1.6, for stratiform rain (Marshall and Palmer 1948).
  public static let marshallPalmer = ReflectivityRelation(a: 200, b: 1.6)
  /// Z = 300 R^1.4, for convective rain (Fulton and others 1998).
  public static let convective = ReflectivityRelation(a: 300, b: 1.4)

  /// The rain rate in mm h-1 of a reflectivity in dBZ; NaN stays NaN.
  public func rainRate(dBZ: Double) -> Double {
    pow(pow(10, dBZ / 10) / a, 1 / b)
  }
}
