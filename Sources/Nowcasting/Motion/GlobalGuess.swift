// Room: Nowcasting. One velocity for the whole scene, by trying all of them on a coarse level.

internal import Foundation

/// The whole-scene velocity that best carries each frame onto the next.
enum GlobalGuess {
  private static let reachLimit = 6
  private static let distancePenalty = 0.002

  /// Cells a minute of the working grid, or nil where the scene is dry.
  ///
  /// Candidates are whole cells of the level in a mean step; far ones cost a little more, so that
  /// a scene without structure does not move.
  static func velocity(
    of frames: [RainLevel], steps: [Double], level: Int, maximumSpeed: Double
  ) -> (u: Float, v: Float)? {
    guard let first = frames.first, frames.count == steps.count + 1 else { return nil }
    let (rows, columns) = (first.rows, first.columns)
    let meanStep = steps.reduce(0, +) / Double(steps.count)
    let cell = exp2(Double(level))
    let energy = frames.map(meanEnergy).reduce(0, +) / Double(frames.count)
    guard energy >= 1e-6, meanStep > 0 else { return nil }
    let farthest = (maximumSpeed * meanStep / cell).rounded(.up)
    let reach = Int(min(farthest, Double(reachLimit)))

    var best: (cost: Double, distance: Int, x: Int, y: Int)?
    for y in -reach...reach {
      for x in -reach...reach {
        var total = 0.0
        var isPossible = true
        for (index, step) in steps.enumerated() {
          let dx = Int((Double(x) * step / meanStep + 0.5).rounded(.down))
          let dy = Int((Double(y) * step / meanStep + 0.5).rounded(.down))
          guard abs(dx) < columns, abs(dy) < rows else {
            isPossible = false
            break
          }
          total += mismatch(frames[index], frames[index + 1], dx, dy)
        }
        guard isPossible else { continue }
        let distance = x * x + y * y
        let penalty = distancePenalty * Double(distance) * energy / Double(max(reach * reach, 1))
        let cost = total / Double(steps.count) + penalty
        if let known = best {
          let isBetter = cost < known.cost - 1e-12
          let isTie = abs(cost - known.cost) <= 1e-12 && distance < known.distance
          guard isBetter || isTie else { continue }
        }
        best = (cost, distance, x, y)
      }
    }
    guard let best else { return nil }
    return (
      Float(Double(best.x) * cell / meanStep), Float(Double(best.y) * cell / meanStep)
    )
  }

  private static func meanEnergy(of frame: RainLevel) -> Double {
    guard frame.signal.count > 0 else { return 0 }
    var total = 0.0
    for (z, w) in zip(frame.signal.values, frame.weight.values) { total += Double(w * z * z) }
    return total / Double(frame.signal.count)
  }

  /// The weighted mean square difference between `newer` and `older` moved by (dx, dy) cells.
  private static func mismatch(
    _ older: RainLevel, _ newer: RainLevel, _ dx: Int, _ dy: Int
  ) -> Double {
    let (rows, columns) = (newer.rows, newer.columns)
    var error = 0.0
    var weight = 0.0
    Plane.lend([older.signal, older.weight, newer.signal, newer.weight]) { input in
      let (za, wa, zb, wb) = (input[0], input[1], input[2], input[3])
      for row in max(dy, 0)..<(rows + min(dy, 0)) {
        let rowB = row &* columns
        let rowA = (row &- dy) &* columns &- dx
        for column in max(dx, 0)..<(columns + min(dx, 0)) {
          let w = Double(wa[rowA &+ column] * wb[rowB &+ column])
          let e = Double(zb[rowB &+ column] - za[rowA &+ column])
          error += w * e * e
          weight += w
        }
      }
    }
    return error / max(weight, 0.2 * Double(rows * columns))
  }
}
