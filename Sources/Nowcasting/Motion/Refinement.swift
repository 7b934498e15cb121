// Room: Nowcasting. One iteration of windowed Lucas–Kanade on one level of the pyramid.

internal import Forecasting
internal import Foundation

/// Refines a motion field on one pyramid level.
struct Refinement {
  let settings: MotionSettings
  /// The minutes between neighbouring frames.
  let steps: [Double]
  let level: Int

  /// The motion after one iteration over all pairs of `frames`.
  func refine(_ motion: Motion, _ frames: [RainLevel]) -> Motion {
    let cell = exp2(Double(level))
    let meanStep = steps.reduce(0, +) / Double(steps.count)
    let sums = BoxBlur.blur(normalEquations(motion, frames, cell), radius: settings.windowRadius)
    let solved = solve(motion, sums, limit: Float(cell / meanStep))
    return spread(solved)
  }

  /// The five sums of the least-squares problem, before windowing: xx, xy, yy, xt, yt.
  private func normalEquations(
    _ motion: Motion, _ frames: [RainLevel], _ cell: Double
  ) -> [Plane] {
    let (rows, columns) = (motion.u.rows, motion.u.columns)
    var sums: [Plane] = []
    for (index, step) in steps.enumerated() {
      let scale = Float(step / cell)
      let pair = carried(motion, frames[index], frames[index + 1], scale)
      let previous = sums
      sums = Rows.planes(5, rows: rows, columns: columns, cost: 15) { range, outputs in
        for row in range {
          accumulate(row, pair, scale, onto: previous, outputs.map { $0.row(row) })
        }
      }
    }
    return sums
  }

  /// What a pair of frames looks like half-way between them.
  private struct CarriedPair {
    let mean: Plane, difference: Plane, weight: Plane
  }

  private func carried(
    _ motion: Motion, _ older: RainLevel, _ newer: RainLevel, _ scale: Float
  ) -> CarriedPair {
    let (rows, columns) = (motion.u.rows, motion.u.columns)
    let half = scale * 0.5
    let inputs = [motion.u, motion.v, older.signal, older.weight, newer.signal, newer.weight]
    let planes = Plane.lend(inputs) { input in
      let (u, v, za, wa, zb, wb) = (input[0], input[1], input[2], input[3], input[4], input[5])
      return Rows.planes(3, rows: rows, columns: columns, cost: 30) { range, outputs in
        for row in range {
          let (mean, difference) = (outputs[0].row(row), outputs[1].row(row))
          let weight = outputs[2].row(row)
          for column in 0..<columns {
            let at = row &* columns &+ column
            let hx = u[at] * half
            let hy = v[at] * half
            let (ax, ay) = (Float(column) - hx, Float(row) - hy)
            let (bx, by) = (Float(column) + hx, Float(row) + hy)
            let cellA = BilinearCell(x: ax, y: ay, rows: rows, columns: columns)
            let cellB = BilinearCell(x: bx, y: by, rows: rows, columns: columns)
            let a = cellA.value(of: za)
            let b = cellB.value(of: zb)
            let w = cellA.value(of: wa) * cellB.value(of: wb)
            let isInside =
              !isOutside(x: ax, y: ay, rows: rows, columns: columns)
              && !isOutside(x: bx, y: by, rows: rows, columns: columns)
            mean[column] = (a + b) * 0.5
            difference[column] = b - a
            weight[column] = isInside ? w : 0
          }
        }
      }
    }
    return CarriedPair(mean: planes[0], difference: planes[1], weight: planes[2])
  }

  private func accumulate(
    _ row: Int, _ pair: CarriedPair, _ scale: Float, onto previous: [Plane],
    _ out: [UnsafeMutableBufferPointer<Float>]
  ) {
    let (rows, columns) = (pair.mean.rows, pair.mean.columns)
    let (xx, xy, yy, xt, yt) = (out[0], out[1], out[2], out[3], out[4])
    if !previous.isEmpty {
      for (plane, target) in zip(previous, out) {
        plane.values.withUnsafeBufferPointer { values in
          for column in 0..<columns { target[column] = values[row &* columns &+ column] }
        }
      }
    }
    let residual = Float(settings.residualScale)
    let start = row &* columns
    let above = max(row &- 1, 0) &* columns
    let below = min(row &+ 1, rows &- 1) &* columns
    // One-sided at the borders: the distance is one cell there, two inside.
    let rowShare: Float = rows < 2 ? 0 : (row == 0 || row == rows - 1 ? 1 : 0.5)
    Plane.lend([pair.mean, pair.difference, pair.weight]) { input in
      let (mean, difference, weight) = (input[0], input[1], input[2])
      for column in 0..<columns {
        let left = max(column &- 1, 0)
        let right = min(column &+ 1, columns &- 1)
        let share: Float = columns < 2 ? 0 : (right &- left == 2 ? 0.5 : 1)
        let ix = (mean[start &+ right] - mean[start &+ left]) * share * scale
        let iy = (mean[below &+ column] - mean[above &+ column]) * rowShare * scale
        let it = difference[start &+ column]
        let r = it / residual
        let q = weight[start &+ column] / (1 + r * r)
        xx[column] += q * ix * ix
        xy[column] += q * ix * iy
        yy[column] += q * iy * iy
        xt[column] -= q * ix * it
        yt[column] -= q * iy * it
      }
    }
  }

  /// A motion field and how much each of its vectors is worth.
  private struct Estimate {
    let u: Plane, v: Plane, confidence: Plane
  }

  private func solve(_ motion: Motion, _ sums: [Plane], limit: Float) -> Estimate {
    let (rows, columns) = (motion.u.rows, motion.u.columns)
    var trace = 0.0
    for (xx, yy) in zip(sums[0].values, sums[2].values) { trace += Double(xx + yy) }
    let damping = Float(settings.damping * (trace / Double(max(rows * columns, 1))) / 2 + 1e-12)
    let planes = Plane.lend([motion.u, motion.v] + sums) { input in
      let (u, v, xx, xy, yy) = (input[0], input[1], input[2], input[3], input[4])
      let (xt, yt) = (input[5], input[6])
      return Rows.planes(3, rows: rows, columns: columns, cost: 15) { range, outputs in
        for row in range {
          let (outU, outV, outC) = (outputs[0].row(row), outputs[1].row(row), outputs[2].row(row))
          for column in 0..<columns {
            let at = row &* columns &+ column
            let b = xy[at]
            let a = xx[at] + damping
            let c = yy[at] + damping
            let determinant = a * c - b * b
            let du = (c * xt[at] - b * yt[at]) / determinant
            let dv = (a * yt[at] - b * xt[at]) / determinant
            let shrink = min(1, limit / max((du * du + dv * dv).squareRoot(), 1e-12))
            outU[column] = u[at] + du * shrink
            outV[column] = v[at] + dv * shrink
            outC[column] = max(xx[at] * yy[at] - b * b, 0) / (xx[at] + yy[at] + damping)
          }
        }
      }
    }
    return Estimate(u: planes[0], v: planes[1], confidence: planes[2])
  }

  /// Spreads motion from where rain says something to where it does not.
  private func spread(_ estimate: Estimate) -> Motion {
    let (rows, columns) = (estimate.u.rows, estimate.u.columns)
    let cells = Double(max(rows * columns, 1))
    var weighted = [estimate.u, estimate.v, estimate.confidence]
    var means = (u: 0.0, v: 0.0, confidence: 0.0)
    for index in 0..<estimate.confidence.count {
      let c = estimate.confidence.values[index]
      weighted[0].values[index] *= c
      weighted[1].values[index] *= c
      means.u += Double(weighted[0].values[index])
      means.v += Double(weighted[1].values[index])
      means.confidence += Double(c)
    }
    let total = means.confidence / cells + 1e-20
    let base = (u: Float(means.u / cells / total), v: Float(means.v / cells / total))
    let smooth = BoxBlur.blur(weighted, radius: settings.windowRadius)
    var density = 0.0
    for value in smooth[2].values { density += Double(value) }
    let kappa = Float(0.02 * (density / cells) + 1e-12)
    let fastest = Float(settings.maximumSpeed)
    let planes = Plane.lend(smooth) { input in
      let (us, vs, weight) = (input[0], input[1], input[2])
      return Rows.planes(2, rows: rows, columns: columns) { range, outputs in
        for row in range {
          let (outU, outV) = (outputs[0].row(row), outputs[1].row(row))
          for column in 0..<columns {
            let at = row &* columns &+ column
            let u = (us[at] + kappa * base.u) / (weight[at] + kappa)
            let v = (vs[at] + kappa * base.v) / (weight[at] + kappa)
            let shrink = min(1, fastest / max((u * u + v * v).squareRoot(), 1e-12))
            outU[column] = u * shrink
            outV[column] = v * shrink
          }
        }
      }
    }
    return Motion(u: planes[0], v: planes[1])
  }
}
