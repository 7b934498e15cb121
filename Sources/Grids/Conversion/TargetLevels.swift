// Room: Grids. Levels to interpolate to, as people write them.

import GridFiles

/// Levels to which columns are interpolated.
///
/// Written `0,10,50 m` or `1000,850,500 hPa`; without units, those of the input.
public struct TargetLevels: Sendable, Hashable {
  /// The coordinates.
  public var values: [Double]
  /// Their units; empty for those of the input.
  public var units: String
  /// How values lie between levels; nil for logarithmic in pressure and linear else.
  public var method: VerticalMethod?
  /// What becomes of levels beyond the input's first and last.
  public var extrapolation: VerticalExtrapolation

  /// Levels at `values`.
  public init(
    _ values: [Double], units: String = "", method: VerticalMethod? = nil,
    extrapolation: VerticalExtrapolation = .none
  ) {
    self.values = values
    self.units = units
    self.method = method
    self.extrapolation = extrapolation
  }

  /// Reads levels.
  ///
  /// **Throws** `GridError` with code `layout`.
  public init(_ text: String) throws(GridError) {
    let body = text.trimmingBlanks
    let numbers = body.prefix { "0123456789.,+- ".contains($0) }
    let found = numbers.split(separator: ",", omittingEmptySubsequences: false).map {
      Double(String($0).trimmingBlanks)
    }
    let values = found.compactMap { $0 }
    guard !values.isEmpty, values.count == found.count, values.allSatisfy(\.isFinite) else {
      throw GridError(.layout, "'\(text)' is no list of levels; write 0,10,50 m or 850,500 hPa")
    }
    self.init(values, units: String(body.dropFirst(numbers.count)).trimmingBlanks)
  }

  /// A vertical axis with these levels, otherwise like `axis`.
  func axis(like axis: VerticalAxis) -> VerticalAxis {
    var attributes = axis.attributes
    for name in [
      "bounds", "formula_terms", "edges", "point_spacing", "_FillValue", "valid_min", "valid_max",
    ] {
      attributes[name] = nil
    }
    let units = units.isEmpty ? axis.units : units
    if !units.isEmpty { attributes["units"] = .text(units) }
    return VerticalAxis(
      name: axis.name, kind: axis.kind, values: values, units: units, positive: axis.positive,
      attributes: attributes)
  }
}
