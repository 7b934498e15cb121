// Tests of Nowcasting. Simulated rain whose motion is known.

import Foundation
import Nowcasting

/// Fourteen Gaussian cells that move with one velocity or turn around the grid's centre.
struct Scene: Sendable {
  var rows: Int
  var columns: Int
  /// Columns and rows a minute, where the scene does not turn.
  var velocity = (x: 0.7, y: -0.4)
  /// Radians a minute; 0 moves the scene by `velocity`.
  var rotation = 0.0

  /// The rain rate at a time in minutes.
  func rain(at minutes: Double) -> Plane {
    let cells = (0..<14).map { k -> (x: Double, y: Double, size: Double, peak: Double) in
      var x = Double((37 * k * k + 11 * k) % columns)
      var y = Double((53 * k + 17 * k * k) % rows)
      if rotation != 0 {
        let (cx, cy) = (Double(columns) / 2, Double(rows) / 2)
        let (dx, dy) = (x - cx, y - cy)
        let (sine, cosine) = (sin(rotation * minutes), cos(rotation * minutes))
        x = cx + dx * cosine - dy * sine
        y = cy + dx * sine + dy * cosine
      } else {
        x += velocity.x * minutes
        y += velocity.y * minutes
      }
      return (x, y, Double(3 + k % 4), Double(5 + 3 * k))
    }
    return Plane(rows: rows, columns: columns) { row, column in
      var total = 0.0
      for cell in cells {
        let (dx, dy) = (Double(column) - cell.x, Double(row) - cell.y)
        total += cell.peak * exp(-(dx * dx + dy * dy) / (2 * cell.size * cell.size))
      }
      return Float(total)
    }
  }

  /// The rain rates at several times.
  func frames(_ minutes: [Double]) -> [Plane] { minutes.map { rain(at: $0) } }
}

extension Plane {
  /// The plane with NaN inside a rectangle, as where a radar's beam is blocked.
  func hiding(rows hiddenRows: Range<Int>, columns hiddenColumns: Range<Int>) -> Plane {
    Plane(rows: rows, columns: columns) { row, column in
      hiddenRows.contains(row) && hiddenColumns.contains(column) ? .nan : self[row, column]
    }
  }

  /// The mean of the values that are not missing.
  var mean: Double {
    let seen = values.filter { !$0.isNaN }
    return seen.isEmpty ? .nan : seen.reduce(0) { $0 + Double($1) } / Double(seen.count)
  }

  /// How many values are missing.
  var missingCount: Int { count - validCount }
}
