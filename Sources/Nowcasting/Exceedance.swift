// Room: Nowcasting. The network's answer: how likely rain reaches each threshold, in the moving
// frame; and the fields that follow from it on the grid.

package import Forecasting
internal import Foundation
internal import Tensors

/// Probabilities that rain reaches thresholds, for cells that drift with the rain.
package struct Exceedance: Sendable {
  let rows: Int, columns: Int
  /// The lead times that are kept, in minutes.
  let leads: [Double]
  let thresholds: [Float]
  private let cuts: [[Double]]
  /// Rain at the reference time; where it is missing, so is every probability.
  private let analysis: Plane
  /// For each lead, `[threshold, y, x]`, in steps of 1/65535: half the memory of floats, and far
  /// finer than any probability is known.
  private var levels: [[UInt16]]
  /// The analysis as if it were the answer for lead 0: 0 or 1.
  private let present: [UInt16]

  private static let one: Float = 65535

  /// An answer still to be filled, for the first `leadCount` leads.
  package init(analysis: Plane, output: ExceedanceOutput, leadCount: Int) {
    rows = analysis.rows
    columns = analysis.columns
    leads = Array(output.leadsMinutes.prefix(leadCount))
    thresholds = output.thresholds.map { Float($0) }
    cuts = Array(output.cuts.prefix(leadCount))
    self.analysis = analysis
    let size = thresholds.count * rows * columns
    levels = leads.map { _ in [UInt16](repeating: 0, count: size) }
    var present: [UInt16] = []
    present.reserveCapacity(size)
    for threshold in thresholds {
      for value in analysis.values { present.append(value >= threshold ? 65535 : 0) }
    }
    self.present = present
  }

  /// Takes in the network's answer `[1, lead, threshold, y, x]` for one piece of the grid, whose
  /// cells count as `rowShares` and `columnShares` say.
  package mutating func take(
    _ values: UnsafeBufferPointer<Float>, rows: Range<Int>, _ rowShares: [Float],
    columns: Range<Int>, _ columnShares: [Float]
  ) {
    let size = rows.count * columns.count
    let inside = columns.clamped(to: 0..<self.columns).count
    for lead in leads.indices {
      levels[lead].withUnsafeMutableBufferPointer { target in
        for threshold in thresholds.indices {
          let source = (lead * thresholds.count + threshold) * size
          for row in rows.clamped(to: 0..<self.rows) {
            let line = row - rows.lowerBound
            let from = source + line * columns.count
            let to = (threshold * self.rows + row) * self.columns + columns.lowerBound
            let share = rowShares[line] * Self.one
            guard share > 0 else { continue }
            for place in 0..<inside {
              // Written so that NaN, which no trained network gives, counts as 0.
              let value = values[from &+ place]
              let bounded = value > 0 ? min(value, 1) : 0
              let level = Int32(bounded * (share * columnShares[place]) + 0.5)
              // Shares add up to 1, but each is rounded: never beyond certainty.
              target[to &+ place] = UInt16(min(Int32(target[to &+ place]) &+ level, 65535))
            }
          }
        }
      }
    }
  }

  /// What one lead time gives on the working grid.
  package struct Fields: Sendable {
    /// Rain rate in mm h-1.
    package let rate: Plane
    /// The probability of reaching each threshold, where asked for.
    package let probabilities: [Plane]
  }

  /// The fields at `minutes` after the reference time, for content that has travelled `path`.
  ///
  /// Between the network's leads probabilities are interpolated linearly, before the first one from
  /// the analysis. The rate is the highest one whose probability reaches its cut, log-linear between
  /// thresholds. Missing where what arrives was not seen.
  package func fields(
    at minutes: Double, along path: Displacement, withProbabilities: Bool
  ) -> Fields {
    let number = thresholds.count
    let (before, after, share) = neighbours(of: minutes)
    let rule = RateRule(thresholds: thresholds, cuts: cuts(at: minutes))
    let (rows, columns) = (rows, columns)
    let planes = Plane.lend([path.x, path.y, analysis]) { input in
      before.withUnsafeBufferPointer { before in
        after.withUnsafeBufferPointer { after in
          let sampler = Sampler(
            dx: input[0], dy: input[1], analysis: input[2], before: before, after: after,
            share: share, number: number, rows: rows, columns: columns)
          return Rows.planes(
            withProbabilities ? number + 1 : 1, rows: rows, columns: columns,
            cost: 15 * Double(number)
          ) { range, outputs in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: number) { probability in
              for row in range {
                let rates = outputs[0].row(row)
                for column in 0..<columns {
                  let isSeen = sampler.sample(row, column, into: probability)
                  rates[column] = isSeen ? rule.rate(probability) : .nan
                  for (index, output) in outputs.dropFirst().enumerated() {
                    output.row(row)[column] = isSeen ? probability[index] : .nan
                  }
                }
              }
            }
          }
        }
      }
    }
    return Fields(rate: planes[0], probabilities: Array(planes.dropFirst()))
  }

  /// The answers on both sides of a lead time, and how far it lies towards the later one.
  private func neighbours(of minutes: Double) -> ([UInt16], [UInt16], Float) {
    guard let next = leads.firstIndex(where: { $0 > minutes }) else {
      let last = levels.last ?? present
      return (last, last, 0)
    }
    let start = next == 0 ? 0 : leads[next - 1]
    let share = Float((minutes - start) / (leads[next] - start))
    return (next == 0 ? present : levels[next - 1], levels[next], share)
  }

  /// The cut of each threshold at any lead: linear between leads, constant outside them.
  private func cuts(at minutes: Double) -> [Float] {
    guard let next = leads.firstIndex(where: { $0 > minutes }) else {
      return (cuts.last ?? []).map { Float($0) }
    }
    guard next > 0 else { return cuts[0].map { Float($0) } }
    let share = (minutes - leads[next - 1]) / (leads[next] - leads[next - 1])
    return zip(cuts[next - 1], cuts[next]).map { Float($0 * (1 - share) + $1 * share) }
  }
}

/// Probabilities at the place that content came from.
private struct Sampler {
  let dx: UnsafeBufferPointer<Float>, dy: UnsafeBufferPointer<Float>
  let analysis: UnsafeBufferPointer<Float>
  let before: UnsafeBufferPointer<UInt16>, after: UnsafeBufferPointer<UInt16>
  let share: Float
  let number: Int, rows: Int, columns: Int

  /// Writes the probabilities for one cell; false where what arrives there was not seen.
  @inline(__always)
  func sample(_ row: Int, _ column: Int, into result: UnsafeMutableBufferPointer<Float>) -> Bool {
    let at = row &* columns &+ column
    let x = Float(column) - dx[at]
    let y = Float(row) - dy[at]
    guard !isOutside(x: x, y: y, rows: rows, columns: columns) else { return false }
    let cell = BilinearCell(x: x, y: y, rows: rows, columns: columns)
    let shares = cell.shares
    let a = seen(cell.topLeft, shares.0)
    let b = seen(cell.topRight, shares.1)
    let c = seen(cell.bottomLeft, shares.2)
    let d = seen(cell.bottomRight, shares.3)
    let weight = a + b + c + d
    guard weight >= 0.5 else { return false }
    let plane = rows &* columns
    let scale = 1 / (65535 * weight)
    for index in 0..<number {
      let base = index &* plane
      let early = value(before, base, cell, a, b, c, d)
      let late = share == 0 ? early : value(after, base, cell, a, b, c, d)
      result[index] = (early * (1 - share) + late * share) * scale
    }
    return true
  }

  @inline(__always)
  private func seen(_ at: Int, _ share: Float) -> Float {
    analysis[at] == analysis[at] ? share : 0
  }

  @inline(__always)
  private func value(
    _ levels: UnsafeBufferPointer<UInt16>, _ base: Int, _ cell: BilinearCell,
    _ a: Float, _ b: Float, _ c: Float, _ d: Float
  ) -> Float {
    Float(levels[base &+ cell.topLeft]) * a + Float(levels[base &+ cell.topRight]) * b
      + Float(levels[base &+ cell.bottomLeft]) * c + Float(levels[base &+ cell.bottomRight]) * d
  }
}

/// The deterministic rate from exceedance probabilities: a quantile of the predicted distribution.
struct RateRule {
  let thresholds: [Float]
  let cuts: [Float]

  /// The rate in mm h-1 for one cell's probabilities, one a threshold.
  ///
  /// **Edge cases**: 0 where the lowest threshold is not reached; beyond the highest threshold the
  /// rate doubles as the probability goes from the cut to certainty.
  @inline(__always)
  func rate(_ probability: UnsafeMutableBufferPointer<Float>) -> Float {
    var reached = -1
    for index in 0..<thresholds.count where probability[index] >= cuts[index] { reached = index }
    guard reached >= 0 else { return 0 }
    let excess = probability[reached] - cuts[reached]
    guard reached + 1 < thresholds.count else {
      return thresholds[reached] * exp2f(excess / (1 - cuts[reached]))
    }
    let next = probability[reached + 1] - cuts[reached + 1]
    let share = min(max(excess / max(excess - next, 1e-6), 0), 1)
    return thresholds[reached] * powf(thresholds[reached + 1] / thresholds[reached], share)
  }
}
