// Room: Nowcasting. Between the input's grid and the coarser one that a network works on.

/// Fields carried from fine cells to coarse ones and back.
package enum Resampling {
  /// The mean of the seen cells of blocks of `factor` × `factor`.
  ///
  /// **Edge cases**: missing where less than half of a block is seen; the last rows and columns of
  /// blocks may reach beyond the field, and what lies there counts as not seen.
  package static func coarsened(_ field: Plane, by factor: Int) -> Plane {
    guard factor > 1 else { return field }
    let rows = (field.rows + factor - 1) / factor
    let columns = (field.columns + factor - 1) / factor
    let needed = (factor * factor + 1) / 2
    return Plane.lend([field]) { input in
      let values = input[0]
      let cost = Double(factor * factor) * 2
      return Rows.plane(rows: rows, columns: columns, cost: cost) { range, output in
        for row in range {
          let out = output.row(row)
          let blockRows = row * factor..<min((row + 1) * factor, field.rows)
          for column in 0..<columns {
            let first = column &* factor
            let last = min(first &+ factor, field.columns)
            var total: Float = 0
            var seen = 0
            for y in blockRows {
              for x in first..<last {
                let value = values[y &* field.columns &+ x]
                let isSeen = value == value
                total += isSeen ? value : 0
                seen &+= isSeen ? 1 : 0
              }
            }
            out[column] = seen >= needed ? total / Float(seen) : .nan
          }
        }
      }
    }
  }

  /// Fields of blocks back on `rows` × `columns` cells, bilinear between the blocks' centres.
  package static func refined(
    _ fields: [Plane], by factor: Int, rows: Int, columns: Int
  ) -> [Plane] {
    guard factor > 1, let first = fields.first else { return fields }
    let (coarseRows, coarseColumns) = (first.rows, first.columns)
    let scale = Float(factor)
    return Plane.lend(fields) { input in
      let cost = 8 * Double(fields.count)
      return Rows.planes(fields.count, rows: rows, columns: columns, cost: cost) { range, outputs in
        for (values, output) in zip(input, outputs) {
          for row in range {
            let out = output.row(row)
            let y = clamped((Float(row) + 0.5) / scale - 0.5, coarseRows)
            for column in 0..<columns {
              let x = clamped((Float(column) + 0.5) / scale - 0.5, coarseColumns)
              out[column] = seenValue(
                of: values, x: x, y: y, rows: coarseRows, columns: coarseColumns)
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private static func clamped(_ position: Float, _ count: Int) -> Float {
    min(max(position, 0), Float(count &- 1))
  }
}
