// Room: Grids. What the values of a field look like: one layer of it read and summed up.

/// The range of a field's layer, and how much of it is missing.
public struct LayerValues: Sendable, Equatable {
  /// The smallest value; nil where all are missing.
  public var minimum: Float?
  /// The largest value; nil where all are missing.
  public var maximum: Float?
  /// The part of the cells that is missing, 0 to 1.
  public var missingFraction: Double

  /// Sums up `values`; NaN counts as missing.
  public init(_ values: [Float]) {
    var (low, high, count) = (Float.infinity, -Float.infinity, 0)
    for value in values where value.isFinite {
      low = min(low, value)
      high = max(high, value)
      count += 1
    }
    minimum = count > 0 ? low : nil
    maximum = count > 0 ? high : nil
    missingFraction = values.isEmpty ? 0 : 1 - Double(count) / Double(values.count)
  }

  /// Layers with more cells than this are not read only to describe them.
  static let mostCells = 50_000_000

  /// The first layer of `field`, and its last where it has several levels; nil where it is too large.
  public static func first(of field: Field) throws(GridError) -> (
    top: LayerValues, last: LayerValues?
  )? {
    let (cells, overflow) = field.height.multipliedReportingOverflow(by: field.width)
    guard !overflow, cells <= mostCells, field.shape.allSatisfy({ $0 > 0 }) else { return nil }
    let top = LayerValues(try field.layer())
    guard field.levelCount > 1 else { return (top, nil) }
    return (top, LayerValues(try field.layer(level: field.levelCount - 1)))
  }
}
