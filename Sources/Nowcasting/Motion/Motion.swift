// Room: Nowcasting. The motion of rain: what it is and how it is found from past frames.

package import Forecasting
internal import Foundation

/// How rain moves: columns and rows a minute in every cell.
///
/// `u` is positive towards larger column, `v` towards larger row. Motion is finite everywhere, also
/// where no rain was seen.
package struct Motion: Sendable, Equatable {
  /// Cells a minute towards larger column.
  package let u: Plane
  /// Cells a minute towards larger row.
  package let v: Plane

  /// A motion field from its components, in cells a minute.
  package init(u: Plane, v: Plane) {
    self.u = u
    self.v = v
  }

  /// No motion at all.
  package init(still rows: Int, columns: Int) {
    u = Plane(rows: rows, columns: columns, repeating: 0)
    v = u
  }

  /// The mean speed over the grid, in cells a minute.
  package var meanSpeed: Double {
    guard u.count > 0 else { return 0 }
    var total = 0.0
    for (x, y) in zip(u.values, v.values) { total += Double((x * x + y * y).squareRoot()) }
    return total / Double(u.count)
  }
}

/// Dense motion by coarse-to-fine, windowed Lucas–Kanade over all pairs of past frames.
///
/// A whole-scene displacement is found first by trying all whole-cell ones on a coarse level; each
/// pyramid level then refines the field with sums over a window, distrusting pairs that grow or
/// decay, and spreads it from where rain says something to where it does not.
///
/// **Source**: Lucas and Kanade (1981); Bouguet (2000) for the pyramid; Knutsson and Westin (1993)
/// for confidence-weighted smoothing. Step by step the same as the model's
/// `training/motion.py`, since the network was trained behind it.
package enum MotionEstimator {
  /// The motion of `frames` (mm h-1, NaN missing), whose times in minutes ascend.
  ///
  /// **Edge cases**: dry or missing scenes, and a single frame, have no motion.
  package static func motion(
    of frames: [Plane], minutes: [Double], settings: MotionSettings = MotionSettings()
  ) -> Motion {
    guard let first = frames.first, frames.count == minutes.count else {
      return Motion(still: 0, columns: 0)
    }
    let still = Motion(still: first.rows, columns: first.columns)
    let used = framesUsed(minutes: minutes, settings)
    guard used.count >= 2 else { return still }
    let steps = zip(used.dropFirst(), used).map { minutes[$0] - minutes[$1] }
    var levels = [used.map { RainLevel(rain: frames[$0], settings) }]
    while levels.count <= settings.coarsestLevel, let last = levels.last?.first,
      min(last.rows, last.columns) >= 16
    {
      levels.append(levels[levels.count - 1].map { $0.halved() })
    }
    let coarsest = levels.count - 1
    let finest = min(settings.finestLevel, coarsest)
    let guessLevel = min(3, coarsest)
    guard
      let guess = GlobalGuess.velocity(
        of: levels[guessLevel], steps: steps, level: guessLevel,
        maximumSpeed: settings.maximumSpeed)
    else { return still }

    let start = levels[coarsest][0]
    var motion = Motion(
      u: Plane(rows: start.rows, columns: start.columns, repeating: guess.u),
      v: Plane(rows: start.rows, columns: start.columns, repeating: guess.v))
    for level in stride(from: coarsest, through: finest, by: -1) {
      let shape = levels[level][0]
      if level < coarsest {
        motion = resample(motion, from: level + 1, to: level, rows: shape.rows, shape.columns)
      }
      for _ in 0..<settings.iterations {
        motion = Refinement(settings: settings, steps: steps, level: level)
          .refine(motion, levels[level])
      }
    }
    return resample(motion, from: finest, to: 0, rows: first.rows, first.columns)
  }

  /// Which frames are used, oldest first, for ascending times in minutes: the newest, and older ones
  /// that are far enough apart and not too old.
  static func framesUsed(minutes: [Double], _ settings: MotionSettings) -> [Int] {
    guard let newest = minutes.last else { return [] }
    var taken = [minutes.count - 1]
    var last = newest
    for index in stride(from: minutes.count - 2, through: 0, by: -1) {
      if newest - minutes[index] > settings.maximumAgeMinutes + 1e-6
        || taken.count == settings.maximumFrames
      {
        break
      }
      if last - minutes[index] >= settings.minimumStepMinutes - 1e-6 {
        taken.append(index)
        last = minutes[index]
      }
    }
    if taken.count == 1, minutes.count > 1 { taken.append(0) }
    return taken.reversed()
  }

  /// Carries motion from one pyramid level to another by cell centres.
  static func resample(
    _ motion: Motion, from level: Int, to target: Int, rows: Int, _ columns: Int
  ) -> Motion {
    let scale = exp2(Double(target - level))
    let source = (rows: motion.u.rows, columns: motion.u.columns)
    let planes = Plane.lend([motion.u, motion.v]) { input in
      let (u, v) = (input[0], input[1])
      return Rows.planes(2, rows: rows, columns: columns) { range, outputs in
        for row in range {
          let y = Float((Double(row) + 0.5) * scale - 0.5)
          let (outU, outV) = (outputs[0].row(row), outputs[1].row(row))
          for column in 0..<columns {
            let x = Float((Double(column) + 0.5) * scale - 0.5)
            let cell = BilinearCell(x: x, y: y, rows: source.rows, columns: source.columns)
            outU[column] = cell.value(of: u)
            outV[column] = cell.value(of: v)
          }
        }
      }
    }
    return Motion(u: planes[0], v: planes[1])
  }
}
