// Room: Grids. What a filling of missing values did, in numbers.

/// What a filling of missing values did.
public struct FillReport: Sendable, Equatable, CustomStringConvertible {
  /// The number of cells that were filled.
  public var filled: Int
  /// How far the farthest filled cell lies from the value that it took, in kilometres; for
  /// diffusion, from the nearest value. 0 where nothing was filled.
  public var farthestKilometres: Double
  /// The number of cells that were asked for and are still missing.
  public var remaining: Int

  /// Makes a report.
  public init(filled: Int = 0, farthestKilometres: Double = 0, remaining: Int = 0) {
    self.filled = filled
    self.farthestKilometres = farthestKilometres
    self.remaining = remaining
  }

  /// One line for a person.
  public var description: String {
    let distance = farthestKilometres.rounded()
    return "\(filled) cells filled from up to \(distance) km away, \(remaining) still missing"
  }

  /// The sums of two reports, and the farther distance.
  public static func + (a: FillReport, b: FillReport) -> FillReport {
    FillReport(
      filled: a.filled + b.filled,
      farthestKilometres: max(a.farthestKilometres, b.farthestKilometres),
      remaining: a.remaining + b.remaining)
  }
}

/// How two land–sea masks differ.
public struct MaskComparison: Sendable, Equatable, CustomStringConvertible {
  /// Cells that both call sea.
  public let seaInBoth: Int
  /// Cells that both call land.
  public let landInBoth: Int
  /// Cells that the model calls sea and the input has no value for: those to be filled.
  public let seaInModelOnly: Int
  /// Cells that the input has a value for and the model calls land: those to be masked.
  public let seaInInputOnly: Int

  /// Compares a model's mask with an input's (true where there is sea).
  ///
  /// Throws: `GridError` with code `misuse` for masks of different sizes.
  public init(model: [Bool], input: [Bool]) throws(GridError) {
    guard model.count == input.count else {
      throw GridError(
        .misuse, "a mask of \(model.count) cells cannot be compared with one of \(input.count)")
    }
    var counts = (both: 0, none: 0, model: 0, input: 0)
    for (model, input) in zip(model, input) {
      switch (model, input) {
      case (true, true): counts.both += 1
      case (false, false): counts.none += 1
      case (true, false): counts.model += 1
      case (false, true): counts.input += 1
      }
    }
    seaInBoth = counts.both
    landInBoth = counts.none
    seaInModelOnly = counts.model
    seaInInputOnly = counts.input
  }

  /// Compares a model's mask with the values of an input: NaN is land.
  public init(model: [Bool], values: [Float]) throws(GridError) {
    try self.init(model: model, input: values.map { !$0.isNaN })
  }

  /// Whether the masks are the same.
  public var agrees: Bool { seaInModelOnly == 0 && seaInInputOnly == 0 }

  /// One line for a person.
  public var description: String {
    agrees
      ? "masks agree: \(seaInBoth) cells of sea, \(landInBoth) of land"
      : "\(seaInModelOnly) cells are sea in the model only, \(seaInInputOnly) in the input only, "
        + "\(seaInBoth) in both"
  }
}
