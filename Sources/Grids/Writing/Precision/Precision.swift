// Room: Grids. How exactly numbers are kept in a file.

public import GridFiles

/// How exactly numbers are kept: rounding what means nothing makes files several times smaller.
public enum Precision: Sendable, Hashable {
  /// As they are.
  case exact
  /// Rounded to the nearest multiple of a number, such as 0.01.
  case multiples(of: Double)
  /// At least this many significant decimal digits, 1 to 7 (15 for double precision), each number
  /// rounded to the fewest bits that keep them: Granular BitRound.
  case significantDigits(Int)
  /// At least this many significant decimal digits by BitGroom, which alternates between shaving and
  /// setting bits, so that means are kept; larger files than Granular BitRound.
  case bitGroom(digits: Int)
  /// This many bits of the mantissa, 1 to 23 (52 for double precision), rounded to nearest: BitRound.
  case significantBits(Int)
  /// Stored as integers of `type`, `number = stored × scale + offset`.
  case packed(NetCDFType, scale: Double, offset: Double)

  /// Stored as 16-bit integers that span `range`.
  ///
  /// Edge cases: numbers outside are refused when they are written; an empty range spans 1.
  public static func packed(_ range: ClosedRange<Double>) -> Precision {
    // -32768 is left for missing values, and a step at each end for rounding.
    let width = range.upperBound - range.lowerBound
    let scale = width > 0 ? width / 65532 : 1 / 65532
    return .packed(
      .int16, scale: scale, offset: (range.lowerBound + range.upperBound) / 2)
  }

  /// The stored type of a variable of type `type`.
  func storedType(_ type: NetCDFType) -> NetCDFType {
    guard case .packed(let packed, _, _) = self, type == .float || type == .double else {
      return type
    }
    return packed
  }
}
