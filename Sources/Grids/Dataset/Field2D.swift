// Room: Grids. One variable on a grid at one time.

/// Values of one variable at one time, row by row along y, each row along x.
public struct Field2D: Sendable {
  /// The values, `height × width`; NaN where missing.
  public var values: [Float]
  /// Values in a row.
  public var width: Int
  /// Rows.
  public var height: Int
  /// When the values hold.
  public var time: CFTime
  /// Their units.
  public var units: String

  /// Makes a field.
  public init(values: [Float], width: Int, height: Int, time: CFTime, units: String) {
    precondition(values.count == width * height, "a field has width × height values")
    self.values = values
    self.width = width
    self.height = height
    self.time = time
    self.units = units
  }

  /// The number of missing values.
  public var missingCount: Int { values.count(where: \.isNaN) }
}
