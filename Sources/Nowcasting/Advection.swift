// Room: Nowcasting. Semi-Lagrangian transport along a steady motion field.

internal import Foundation

/// Where each cell's content comes from: the vector D such that what lies at x was at x - D.
package struct Displacement: Sendable {
  /// Columns and rows travelled, in cells.
  package let x: Plane, y: Plane

  /// A displacement from its two components, in cells.
  package init(x: Plane, y: Plane) {
    self.x = x
    self.y = y
  }
}

/// Backward semi-Lagrangian advection.
///
/// **Source**: Germann and Zawadzki (2002), "Scale-dependence of the predictability of
/// precipitation", for the scheme; its discretisation here is the one the model was trained with
/// (`Models/convective-rain/training/advection.py`).
package enum Advection {
  /// The longest piece of a trajectory that is taken in one step, in minutes.
  static let stepMinutes = 5.0

  /// How far content travels in `minutes` along `motion` to arrive at each cell.
  ///
  /// The path is cut into equal steps of at most five minutes; each solves the mid-point rule
  /// d = dt V(x - D - d/2) by three fixed-point iterations. Negative minutes follow the motion
  /// the other way.
  package static func displacement(_ motion: Motion, minutes: Double) -> Displacement {
    let rows = motion.u.rows
    let columns = motion.u.columns
    guard minutes != 0, minutes.isFinite, rows > 0, columns > 0 else {
      let zero = Plane(rows: rows, columns: columns, repeating: 0)
      return Displacement(x: zero, y: zero)
    }
    let steps = max(1, Int((abs(minutes) / stepMinutes - 1e-6).rounded(.up)))
    let step = Float(minutes / Double(steps))
    let planes = Plane.lend([motion.u, motion.v]) { input in
      let (u, v) = (input[0], input[1])
      let cost = 15 * Double(steps)
      return Rows.planes(2, rows: rows, columns: columns, cost: cost) { range, outputs in
        for row in range {
          let (outX, outY) = (outputs[0].row(row), outputs[1].row(row))
          for column in 0..<columns {
            var totalX: Float = 0
            var totalY: Float = 0
            for _ in 0..<steps {
              var dx: Float = 0
              var dy: Float = 0
              for _ in 0..<3 {
                let cell = BilinearCell(
                  x: Float(column) - totalX - dx * 0.5, y: Float(row) - totalY - dy * 0.5,
                  rows: rows, columns: columns)
                dx = cell.value(of: u) * step
                dy = cell.value(of: v) * step
              }
              totalX += dx
              totalY += dy
            }
            outX[column] = totalX
            outY[column] = totalY
          }
        }
      }
    }
    return Displacement(x: planes[0], y: planes[1])
  }

  /// The field at x - D, bilinear over the cells that are not missing.
  ///
  /// **Edge cases**: missing where the neighbours that are not missing weigh less than a half, and
  /// where the foot point lies more than half a cell outside the grid.
  package static func fetch(_ field: Plane, along displacement: Displacement) -> Plane {
    fetch([field], along: displacement)[0]
  }

  /// Several fields at x - D; each has its own missing cells.
  package static func fetch(_ fields: [Plane], along displacement: Displacement) -> [Plane] {
    guard let first = fields.first else { return [] }
    let rows = first.rows
    let columns = first.columns
    precondition(fields.allSatisfy { $0.rows == rows && $0.columns == columns })
    precondition(displacement.x.rows == rows && displacement.x.columns == columns)
    return Plane.lend([displacement.x, displacement.y] + fields) { input in
      let (dx, dy) = (input[0], input[1])
      let cost = 10 * Double(fields.count)
      return Rows.planes(fields.count, rows: rows, columns: columns, cost: cost) { range, outputs in
        for (values, output) in zip(input.dropFirst(2), outputs) {
          for row in range {
            let out = output.row(row)
            for column in 0..<columns {
              let at = row &* columns &+ column
              out[column] = value(
                of: values, x: Float(column) - dx[at], y: Float(row) - dy[at], rows, columns)
            }
          }
        }
      }
    }
  }

  /// The value at a point between cells of which some may be missing.
  @inline(__always)
  private static func value(
    of values: UnsafeBufferPointer<Float>, x: Float, y: Float, _ rows: Int, _ columns: Int
  ) -> Float {
    guard !isOutside(x: x, y: y, rows: rows, columns: columns) else { return .nan }
    let cell = BilinearCell(x: x, y: y, rows: rows, columns: columns)
    let right = Double(cell.right)
    let down = Double(cell.down)
    var total = 0.0
    var weight = 0.0
    add(values[cell.topLeft], (1 - right) * (1 - down), &total, &weight)
    add(values[cell.topRight], right * (1 - down), &total, &weight)
    add(values[cell.bottomLeft], (1 - right) * down, &total, &weight)
    add(values[cell.bottomRight], right * down, &total, &weight)
    return weight >= 0.5 ? Float(total / weight) : .nan
  }

  @inline(__always)
  private static func add(
    _ value: Float, _ share: Double, _ total: inout Double, _ weight: inout Double
  ) {
    let seen = value == value
    total += seen ? Double(value) * share : 0
    weight += seen ? share : 0
  }
}
