// Room: Nowcasting. What a reader must know about a cell before trusting it.

/// Bits that say what stands behind a forecast cell; 0 is a cell without reservations.
public struct NowcastQuality: OptionSet, Sendable, Hashable {
  /// The bits.
  public let rawValue: UInt8

  /// The flags with these bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The cell was not seen at the reference time: "not scanned" is not "dry".
  public static let outsideCoverage = NowcastQuality(rawValue: 1)
  /// What arrives here was not seen, so that the forecast is missing.
  public static let arrivesFromOutside = NowcastQuality(rawValue: 2)
  /// Some older frame of the history did not see what arrives here, or there is none so old.
  public static let inputMissing = NowcastQuality(rawValue: 4)
  /// A time of the history had no frame and was bridged from its neighbours.
  public static let inputInterpolated = NowcastQuality(rawValue: 8)
  /// Spacing, time step, lead time or rain rate lies outside what the model was trained on.
  public static let outsideTrainedRange = NowcastQuality(rawValue: 16)

  /// The bits and their CF `flag_meanings`, from the lowest.
  package static let meanings: [(mask: UInt32, meaning: String)] = [
    (1, "outside_coverage"), (2, "arrives_from_outside_coverage"), (4, "input_missing"),
    (8, "input_interpolated"), (16, "outside_trained_range"),
  ]
}
