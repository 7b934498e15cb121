// Room: Nowcasting. Smoothing with a window that is nearly a Gaussian and costs the same at any size.

internal import Tensors

/// Three running means along the rows and three along the columns.
enum BoxBlur {
  /// How many columns one thread smooths together: whole cache lines, and enough of them.
  private static let block = 64

  /// Each plane smoothed with a box of `2 * radius + 1` cells, three times along both axes.
  ///
  /// Cells outside the plane count as 0. Sums run in double precision, so that what a rainy region
  /// leaves behind in a running sum stays far below what a dry one holds.
  static func blur(_ planes: [Plane], radius: Int) -> [Plane] {
    guard let first = planes.first, first.count > 0 else { return planes }
    let (rows, columns) = (first.rows, first.columns)
    let size = rows * columns
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: size * planes.count) { work in
      Rows.parallel(planes.count * rows, columns: columns, cost: 6) { range in
        for item in range {
          let (plane, row) = item.quotientAndRemainder(dividingBy: rows)
          planes[plane].values.withUnsafeBufferPointer { values in
            blurRow(
              UnsafeBufferPointer(rebasing: values[row * columns..<(row + 1) * columns]),
              into: UnsafeMutableBufferPointer(
                rebasing: work[item * columns..<(item + 1) * columns]),
              radius)
          }
        }
      }
      let blocks = (columns + block - 1) / block
      return Rows.planes(planes.count, size: (rows, columns)) { outputs in
        Rows.parallel(planes.count * blocks, columns: rows * block, cost: 6) { range in
          for item in range {
            let (plane, index) = item.quotientAndRemainder(dividingBy: blocks)
            let first = index * block
            blurColumns(
              UnsafeMutableBufferPointer(rebasing: work[plane * size..<(plane + 1) * size]),
              first..<min(first + block, columns), rows, columns, radius, into: outputs[plane])
          }
        }
      }
    }
  }

  private static func blurRow(
    _ source: UnsafeBufferPointer<Float>, into row: UnsafeMutableBufferPointer<Double>,
    _ radius: Int
  ) {
    let columns = source.count
    let width = Double(2 * radius + 1)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: columns) { other in
      for column in 0..<columns { row[column] = Double(source[column]) }
      pass(row, other, radius, width)
      pass(other, row, radius, width)
      pass(row, other, radius, width)
      for column in 0..<columns { row[column] = other[column] }
    }
  }

  private static func pass(
    _ source: UnsafeMutableBufferPointer<Double>, _ target: UnsafeMutableBufferPointer<Double>,
    _ radius: Int, _ width: Double
  ) {
    let count = source.count
    var sum = 0.0
    for index in 0..<min(radius, count) { sum += source[index] }
    for index in 0..<count {
      if index &+ radius < count { sum += source[index &+ radius] }
      if index > radius { sum -= source[index &- radius &- 1] }
      target[index] = sum / width
    }
  }

  private static func blurColumns(
    _ plane: UnsafeMutableBufferPointer<Double>, _ block: Range<Int>, _ rows: Int,
    _ columns: Int, _ radius: Int, into output: WritableRows
  ) {
    let width = block.count
    let size = rows * width
    let share = Double(2 * radius + 1)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * size + width) { memory in
      let first = UnsafeMutableBufferPointer(rebasing: memory[..<size])
      let second = UnsafeMutableBufferPointer(rebasing: memory[size..<2 * size])
      let sum = UnsafeMutableBufferPointer(rebasing: memory[(2 * size)...])
      for row in 0..<rows {
        let from = row &* columns &+ block.lowerBound
        for column in 0..<width { first[row &* width &+ column] = plane[from &+ column] }
      }
      columnPass(first, second, sum, rows, width, radius, share)
      columnPass(second, first, sum, rows, width, radius, share)
      columnPass(first, second, sum, rows, width, radius, share)
      for row in 0..<rows {
        let out = output.row(row)
        for column in 0..<width {
          out[block.lowerBound &+ column] = Float(second[row &* width &+ column])
        }
      }
    }
  }

  private static func columnPass(
    _ source: UnsafeMutableBufferPointer<Double>, _ target: UnsafeMutableBufferPointer<Double>,
    _ sum: UnsafeMutableBufferPointer<Double>, _ rows: Int, _ width: Int, _ radius: Int,
    _ share: Double
  ) {
    for column in 0..<width { sum[column] = 0 }
    for row in 0..<min(radius, rows) {
      for column in 0..<width { sum[column] += source[row &* width &+ column] }
    }
    for row in 0..<rows {
      if row &+ radius < rows {
        let ahead = (row &+ radius) &* width
        for column in 0..<width { sum[column] += source[ahead &+ column] }
      }
      if row > radius {
        let behind = (row &- radius &- 1) &* width
        for column in 0..<width { sum[column] -= source[behind &+ column] }
      }
      let here = row &* width
      for column in 0..<width { target[here &+ column] = sum[column] / share }
    }
  }
}
