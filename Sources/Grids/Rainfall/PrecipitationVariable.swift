// Room: Grids. Which variable of a dataset is the rain, and its frames as rain rates.

internal import GridFiles

/// A variable that measures precipitation, and how.
public struct PrecipitationVariable: Sendable {
  /// The variable.
  public let variable: GridVariable
  /// What it measures.
  public let quantity: RainRateQuantity
  /// For an amount, the period that each frame sums over; one entry a time.
  public let periods: [Duration]
  /// The relation that turns reflectivity into a rate.
  public let relation: ReflectivityRelation?
  /// What had to be guessed, for a person.
  public let notes: [String]

  /// Whether values are sums over a period rather than rates at an instant.
  public var isAccumulated: Bool {
    if case .amount = quantity { return true }
    return false
  }
}

extension GridDataset {
  /// The variable that is the rain: the one called `name`, or the only one that can be it.
  ///
  /// Without a name, rates go before amounts and amounts before reflectivity, and standard names go
  /// before other hints; flags, classes and palettes are never taken.
  /// Throws: `GridError` with code `noVariable`, `ambiguousVariable`, `units`, `time` or `layout`.
  public func precipitationVariable(
    named name: String? = nil, relation: ReflectivityRelation? = nil
  ) throws(GridError) -> PrecipitationVariable {
    if let name { return try precipitation(try variable(name), relation, isNamed: true) }
    let ranked = variables.compactMap { variable -> (GridVariable, Int)? in
      PrecipitationRank.rank(variable).map { (variable, $0) }
    }
    guard let best = ranked.map(\.1).min() else {
      let list = variables.filter(\.isGridded).map {
        $0.units.isEmpty ? $0.name : "\($0.name) (\($0.units))"
      }
      throw GridError(
        .noVariable, path: paths[0],
        "has no rain rate or amount; "
          + (list.isEmpty
            ? "it has no variable on a grid"
            : "it has \(list.joined(separator: ", ")); name one with --variable"))
    }
    let candidates = ranked.filter { $0.1 == best }.map(\.0)
    guard candidates.count == 1 else {
      let names = candidates.map { "'\($0.name)'" }.joined(separator: " and ")
      throw GridError(
        .ambiguousVariable, path: paths[0],
        "\(names) could each be the rain; choose one with --variable")
    }
    return try precipitation(candidates[0], relation, isNamed: false)
  }

  /// The frame of `precipitation` with this index as a rain rate in mm h-1.
  ///
  /// Shapes and units: as `frame(_:at:)`, in mm h-1; an amount is divided by its period, so it is
  /// the mean rate over the period that ends at the frame's time.
  public func rainRate(
    _ precipitation: PrecipitationVariable, at index: Int
  ) throws(GridError) -> Field2D {
    var field = try frame(precipitation.variable, at: index)
    switch precipitation.quantity {
    case .rate(let scale):
      UnitConversion(scale: scale, offset: 0).apply(to: &field.values)
    case .amount(let scale):
      guard precipitation.periods.indices.contains(index) else {
        throw GridError(.misuse, "the precipitation variable belongs to another dataset")
      }
      let hours = precipitation.periods[index].inSeconds / 3600
      UnitConversion(scale: scale / hours, offset: 0).apply(to: &field.values)
    case .reflectivity:
      guard let relation = precipitation.relation else {
        throw GridError(
          .units, path: paths[0], variable: precipitation.variable.name,
          "is reflectivity, which needs a Z-R relation")
      }
      for place in field.values.indices {
        field.values[place] = Float(relation.rainRate(dBZ: Double(field.values[place])))
      }
    }
    field.units = "mm h-1"
    return field
  }

  private func precipitation(
    _ variable: GridVariable, _ relation: ReflectivityRelation?, isNamed: Bool
  ) throws(GridError) -> PrecipitationVariable {
    guard variable.isGridded else {
      throw GridError(
        .layout, path: paths[0], variable: variable.name,
        "has no two horizontal dimensions; choose a variable on a grid")
    }
    if variable.isCoded {
      throw GridError(
        .units, path: paths[0], variable: variable.name,
        "holds codes (flags or classes), not a rain rate; choose another variable")
    }
    guard let quantity = RainRateQuantity(units: variable.units) else {
      let units = variable.units.isEmpty ? "has no units" : "has units '\(variable.units)'"
      throw GridError(
        .units, path: paths[0], variable: variable.name,
        "\(units), neither those of a rain rate (mm h-1, kg m-2 s-1) nor of an amount (mm, kg m-2); "
          + "choose another variable or correct its units")
    }
    var notes = try notes(of: variable)
    var periods: [Duration] = []
    switch quantity {
    case .rate: break
    case .amount:
      let found = try accumulationPeriods(of: variable)
      periods = found.periods
      if let note = found.note { notes.append(note) }
    case .reflectivity:
      guard let relation else {
        throw GridError(
          .units, path: paths[0], variable: variable.name,
          "is reflectivity in dBZ, not a rain rate; convert it first, for example with "
            + "Z = 200 R^1.6")
      }
      notes.append("rain rate from reflectivity by Z = \(relation.a) R^\(relation.b)")
    }
    return PrecipitationVariable(
      variable: variable, quantity: quantity, periods: periods, relation: relation, notes: notes)
  }

  /// The period that each frame of an amount sums over: from bounds, from words, from the spacing.
  private func accumulationPeriods(
    of variable: GridVariable
  ) throws(GridError) -> (periods: [Duration], note: String?) {
    let bounds = try periods(of: variable)
    let known = bounds.compactMap { $0.map { $0.end.since($0.start) } }
    if known.count == bounds.count, known.allSatisfy({ $0 > .zero }) { return (known, nil) }
    if let (period, source) = AccumulationWords.period(variable) {
      return (bounds.map { _ in period }, "accumulation period \(period.iso8601) from \(source)")
    }
    let times = try times(of: variable)
    let steps = zip(times, times.dropFirst()).map { $1.since($0) }
    if let step = steps.min(), step > .zero {
      return (
        times.map { _ in step },
        "accumulation period taken to be the spacing of the frames, \(step.iso8601)"
      )
    }
    throw GridError(
      .time, path: paths[0], variable: variable.name,
      "is an amount, but nothing says over which period; add time bounds")
  }
}

/// How likely a variable is to be the rain; 0 is likeliest.
enum PrecipitationRank {
  static let rateNames: Set<String> = [
    "rainfall_rate", "lwe_precipitation_rate", "precipitation_flux", "rainfall_flux",
    "convective_rainfall_rate", "convective_rainfall_flux", "convective_precipitation_rate",
    "convective_precipitation_flux", "lwe_convective_precipitation_rate",
    "stratiform_rainfall_rate", "precipitation_rate", "lwe_stratiform_precipitation_rate",
  ]
  static let amountNames: Set<String> = [
    "precipitation_amount", "rainfall_amount", "lwe_thickness_of_precipitation_amount",
    "thickness_of_rainfall_amount", "convective_precipitation_amount",
    "convective_rainfall_amount", "thickness_of_convective_rainfall_amount",
    "lwe_thickness_of_convective_precipitation_amount",
  ]

  static func rank(_ variable: GridVariable) -> Int? {
    guard variable.isGridded, !variable.isCoded,
      let quantity = RainRateQuantity(units: variable.units)
    else { return nil }
    let standardName = variable.standardName ?? ""
    // A modifier such as "rainfall_rate standard_error" makes it another quantity.
    guard !standardName.contains(" ") else { return nil }
    switch quantity {
    case .rate:
      if rateNames.contains(standardName) { return 0 }
      return soundsLikeRain(variable) ? 1 : nil
    case .amount:
      if amountNames.contains(standardName) { return 2 }
      return soundsLikeRain(variable) ? 3 : nil
    case .reflectivity: return 4
    }
  }

  private static func soundsLikeRain(_ variable: GridVariable) -> Bool {
    let text = [variable.name, variable.standardName ?? "", variable.longName ?? ""]
      .joined(separator: " ").lowercased()
    let isOther = ["error", "uncertainty", "probability", "stddev", "standard_deviation"]
      .contains { text.contains($0) }
    return !isOther
      && ["rain", "precip", "prcp", "hail", "snowfall"].contains { text.contains($0) }
  }
}

/// Accumulation periods that variables state in words.
enum AccumulationWords {
  static func period(_ variable: GridVariable) -> (Duration, String)? {
    if let methods = variable.attributes.text("cell_methods"), methods.contains("sum"),
      let match = methods.firstMatch(of: /interval:\s*([0-9.]+)\s*([A-Za-z]+)/),
      let count = Double(match.1), count > 0, count < 1e6,
      let unit = CFTimeUnits.nanoseconds(in: String(match.2), .standard)
    {
      return (.nanoseconds(Int64(count * Double(unit))), "'cell_methods'")
    }
    let words = [
      ("standard_name", variable.standardName ?? ""), ("long_name", variable.longName ?? ""),
    ]
    for (source, text) in words {
      let text = text.lowercased()
      if text.contains("hourly") { return (.seconds(3600), "'\(source)'") }
      if text.contains("daily") { return (.seconds(86400), "'\(source)'") }
    }
    return nil
  }
}
