// Room: Nowcasting. Loops over a plane's rows, on all threads, with the same bits on any number.

internal import Tensors

/// Rows of a plane that threads write at the same time, each thread its own rows.
///
/// The memory is lent for the duration of one `Rows.planes` call; nothing keeps it longer.
struct WritableRows {
  fileprivate let base: UnsafeMutablePointer<Float>
  fileprivate let columns: Int

  /// One row's values, to be written by whoever was given that row.
  func row(_ row: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: base + row * columns, count: columns)
  }
}

/// Loops over rows.
///
/// Every row is computed from inputs that nobody changes meanwhile, so which thread takes it does
/// not matter to the result.
enum Rows {
  /// Calls `body` with ranges of rows that together cover `0..<count`; `cost` estimates a cell's
  /// time in nanoseconds.
  static func parallel(
    _ count: Int, columns: Int, cost: Double = 10, _ body: (Range<Int>) -> Void
  ) {
    guard count > 0 else { return }
    let rowCost = cost * Double(max(columns, 1))
    let grain = max(1, Int(50_000 / rowCost))
    ThreadPool.current.forEachRange(count, grain: grain, nanosecondsPerItem: rowCost, body)
  }

  /// Makes one plane: `body` fills the rows of a range.
  static func plane(
    rows: Int, columns: Int, cost: Double = 10, _ body: (Range<Int>, WritableRows) -> Void
  ) -> Plane {
    planes(1, rows: rows, columns: columns, cost: cost) { range, outputs in
      body(range, outputs[0])
    }[0]
  }

  /// Makes several planes at once: `body` fills the rows of a range in each of them.
  static func planes(
    _ number: Int, rows: Int, columns: Int, cost: Double = 10,
    _ body: (Range<Int>, [WritableRows]) -> Void
  ) -> [Plane] {
    self.planes(number, size: (rows, columns)) { outputs in
      parallel(rows, columns: columns, cost: cost) { body($0, outputs) }
    }
  }

  /// Makes several planes at once: `body` fills them all, as it likes.
  static func planes(
    _ number: Int, size: (rows: Int, columns: Int), _ body: ([WritableRows]) -> Void
  ) -> [Plane] {
    var made: [Plane] = []
    made.reserveCapacity(number)
    open(number, size.rows, size.columns, [], &made, body)
    return made.reversed()
  }

  // Arrays lend their memory one scope at a time, so the outputs are opened by recursion.
  private static func open(
    _ number: Int, _ rows: Int, _ columns: Int, _ opened: [WritableRows], _ made: inout [Plane],
    _ body: ([WritableRows]) -> Void
  ) {
    guard number > 0 else { return body(opened) }
    var plane = Plane(rows: rows, columns: columns, repeating: 0)
    plane.values.withUnsafeMutableBufferPointer { memory in
      let rows = memory.baseAddress.map { [WritableRows(base: $0, columns: columns)] } ?? []
      open(number - 1, plane.rows, columns, opened + rows, &made, body)
    }
    made.append(plane)
  }
}
