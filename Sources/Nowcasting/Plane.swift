// Room: Nowcasting. The arithmetic's own form of a field: one number a cell, in rows.

/// Numbers on the rows and columns of a grid, in single precision; NaN is missing.
///
/// The nowcaster computes on planes and turns them into fields of a grid only where they leave it.
package struct Plane: Sendable, Equatable {
  /// How many rows there are.
  package let rows: Int
  /// How many columns there are.
  package let columns: Int
  /// The values, row by row.
  package var values: [Float]

  /// A plane of `values`, row by row.
  package init(rows: Int, columns: Int, values: [Float]) {
    precondition(rows >= 0 && columns >= 0 && values.count == rows * columns)
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// A plane that has the same value everywhere.
  package init(rows: Int, columns: Int, repeating value: Float) {
    self.init(
      rows: rows, columns: columns, values: [Float](repeating: value, count: rows * columns))
  }

  /// A plane whose value at (row, column) is `body(row, column)`.
  package init(rows: Int, columns: Int, _ body: (Int, Int) -> Float) {
    var values: [Float] = []
    values.reserveCapacity(rows * columns)
    for row in 0..<rows {
      for column in 0..<columns { values.append(body(row, column)) }
    }
    self.init(rows: rows, columns: columns, values: values)
  }

  /// How many cells there are.
  package var count: Int { values.count }

  /// The value at a row and a column.
  package subscript(row: Int, column: Int) -> Float {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  /// How many cells are not missing.
  package var validCount: Int {
    var count = 0
    for value in values where value == value { count &+= 1 }
    return count
  }

  /// Whether two planes have as many rows and columns; their values are equal bit by bit, missing
  /// ones included.
  package func isIdentical(to other: Plane) -> Bool {
    rows == other.rows && columns == other.columns
      && zip(values, other.values).allSatisfy { $0.bitPattern == $1.bitPattern }
  }
}

extension Plane {
  /// Lends the values of several planes, in their order, for the duration of `body`.
  static func lend<Result>(
    _ planes: [Plane], _ body: ([UnsafeBufferPointer<Float>]) -> Result
  ) -> Result {
    lend(planes[...], [], body)
  }

  // Arrays lend their memory one scope at a time, so the planes are opened by recursion.
  private static func lend<Result>(
    _ planes: ArraySlice<Plane>, _ opened: [UnsafeBufferPointer<Float>],
    _ body: ([UnsafeBufferPointer<Float>]) -> Result
  ) -> Result {
    guard let first = planes.first else { return body(opened) }
    return first.values.withUnsafeBufferPointer {
      lend(planes.dropFirst(), opened + [$0], body)
    }
  }
}
