// Room: Nowcasting. Semi-Lagrangian transport along a steady motion field.

package import Forecasting
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
  /// How far content travels in `minutes` along `motion` to arrive at each cell.
  ///
  /// The path is cut into equal steps of at most `settings.stepMinutes`; each solves the mid-point
  /// rule d = dt V(x - D - d/2) by fixed-point iterations. Negative minutes follow the motion the
  /// other way.
  package static func displacement(
    _ motion: Motion, minutes: Double, settings: AdvectionSettings = AdvectionSettings()
  ) -> Displacement {
    let zero = Plane(rows: motion.u.rows, columns: motion.u.columns, repeating: 0)
    return extended(Displacement(x: zero, y: zero), along: motion, by: minutes, settings: settings)
  }

  /// A displacement followed further back by `minutes`.
  ///
  /// The motion is steady, so a path of an hour is one of fifty minutes and ten more: a forecast
  /// walks from lead time to lead time and never starts anew.
  package static func extended(
    _ displacement: Displacement, along motion: Motion, by minutes: Double,
    settings: AdvectionSettings = AdvectionSettings()
  ) -> Displacement {
    let rows = motion.u.rows
    let columns = motion.u.columns
    guard minutes != 0, minutes.isFinite, rows > 0, columns > 0 else { return displacement }
    let steps = max(1, Int((abs(minutes) / settings.stepMinutes - 1e-6).rounded(.up)))
    let step = Float(minutes / Double(steps))
    let planes = Plane.lend([motion.u, motion.v, displacement.x, displacement.y]) { input in
      let (u, v, fromX, fromY) = (input[0], input[1], input[2], input[3])
      let cost = 5 * Double(steps * settings.iterations)
      return Rows.planes(2, rows: rows, columns: columns, cost: cost) { range, outputs in
        for row in range {
          let (outX, outY) = (outputs[0].row(row), outputs[1].row(row))
          for column in 0..<columns {
            var totalX = fromX[row &* columns &+ column]
            var totalY = fromY[row &* columns &+ column]
            for _ in 0..<steps {
              var dx: Float = 0
              var dy: Float = 0
              for _ in 0..<settings.iterations {
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
              out[column] = seenValue(
                of: values, x: Float(column) - dx[at], y: Float(row) - dy[at], rows: rows,
                columns: columns)
            }
          }
        }
      }
    }
  }
}
