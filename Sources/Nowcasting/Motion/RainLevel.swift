// Room: Nowcasting. One frame on one level of the motion pyramid.

internal import Forecasting
internal import Foundation

/// Log-rain of a frame and how much of each cell was seen, on one pyramid level.
struct RainLevel: Sendable {
  /// ln(rain / floor), rain clipped to floor…cap; 0 where missing.
  let signal: Plane
  /// The share of each cell that was seen, 0 to 1.
  let weight: Plane

  var rows: Int { signal.rows }
  var columns: Int { signal.columns }

  init(signal: Plane, weight: Plane) {
    self.signal = signal
    self.weight = weight
  }

  /// Level 0 of a frame in mm h-1, NaN missing.
  init(rain: Plane, _ settings: MotionSettings) {
    let (floor, cap) = (Float(settings.floor), Float(settings.cap))
    let columns = rain.columns
    let planes = Plane.lend([rain]) { input in
      let values = input[0]
      return Rows.planes(2, rows: rain.rows, columns: columns, cost: 5) { range, outputs in
        for row in range {
          let (signal, weight) = (outputs[0].row(row), outputs[1].row(row))
          for column in 0..<columns {
            let value = values[row &* columns &+ column]
            let isSeen = value.isFinite
            // Most cells are dry: the logarithm of 1 need not be computed.
            let isWet = isSeen && value > floor
            signal[column] = isWet ? logf(min(value, cap) / floor) : 0
            weight[column] = isSeen ? 1 : 0
          }
        }
      }
    }
    self.init(signal: planes[0], weight: planes[1])
  }

  /// The next coarser level: means over 2 × 2 blocks, the last ones partly filled.
  func halved() -> RainLevel {
    let (rows, columns) = (self.rows, self.columns)
    let (halfRows, halfColumns) = ((rows + 1) / 2, (columns + 1) / 2)
    let planes = Plane.lend([signal, weight]) { input in
      let (z, w) = (input[0], input[1])
      return Rows.planes(2, rows: halfRows, columns: halfColumns) { range, outputs in
        for row in range {
          let (outZ, outW) = (outputs[0].row(row), outputs[1].row(row))
          let blockRows = 2 &* row..<min(2 &* row &+ 2, rows)
          for column in 0..<halfColumns {
            let blockColumns = 2 &* column..<min(2 &* column &+ 2, columns)
            var sumZ: Float = 0
            var sumW: Float = 0
            for y in blockRows {
              for x in blockColumns {
                let at = y &* columns &+ x
                sumZ += z[at] * w[at]
                sumW += w[at]
              }
            }
            outZ[column] = sumW > 0 ? sumZ / sumW : 0
            outW[column] = sumW / Float(blockRows.count &* blockColumns.count)
          }
        }
      }
    }
    return RainLevel(signal: planes[0], weight: planes[1])
  }
}
