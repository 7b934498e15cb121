// Room: Nowcasting. Which reservations hold for which cell at a lead time.

internal import Forecasting
internal import Foundation

/// Which of a nowcast's conditions lie outside what its model was trained on.
struct TrainedRangeCheck {
  private let range: TrainedRange
  /// One line for each that does.
  let notes: [String]

  init(_ range: TrainedRange, spacing: Double, step: Double, lead: Double) {
    self.range = range
    let checks = [
      ("a grid spacing of", spacing, "km", range.spacingKilometres),
      ("frames every", step, "min", range.stepMinutes),
      ("a lead time of", lead, "min", range.leadMinutes),
    ]
    notes = checks.compactMap { (what, value, unit, trained) in
      // A hundredth of slack: a spacing of 0.499 km is half a kilometre.
      let slack = 0.01 * trained.upperBound
      guard value < trained.lowerBound - slack || value > trained.upperBound + slack else {
        return nil
      }
      let text = (value * 100).rounded() / 100
      return "\(what) \(text) \(unit) is outside the \(trained.lowerBound)–\(trained.upperBound) "
        + "\(unit) that the model was trained on"
    }
  }

  /// Whether a rain rate is.
  func isOutside(_ rain: Float) -> Bool { Double(rain) > range.rainfallRate.upperBound }
}

/// The reservations that travel with the rain, and those that stay with the grid.
struct QualityMap: Sendable {
  /// On the input's grid: what was not seen at the reference time.
  private let here: [NowcastQuality]
  /// On the working grid, in the moving frame: what was not seen before, and what is too strong.
  private let moving: [NowcastQuality]
  /// What holds everywhere.
  private let everywhere: NowcastQuality
  private let factor: Int

  init(
    _ input: RainFrames, _ frame: MovingFrame, _ factor: Int, _ range: TrainedRangeCheck
  ) {
    self.factor = factor
    here = input.frames[0].rain.values.map { $0.isNaN ? .outsideCoverage : [] }
    var moving = [NowcastQuality](repeating: [], count: frame.slots[0].count)
    for slot in frame.slots {
      for (index, rain) in slot.values.enumerated() {
        if rain.isNaN { moving[index].insert(.inputMissing) }
        if range.isOutside(rain) { moving[index].insert(.outsideTrainedRange) }
      }
    }
    self.moving = moving
    var everywhere: NowcastQuality = []
    if frame.isInterpolated || !input.missing.isEmpty { everywhere.insert(.inputInterpolated) }
    if frame.isShort { everywhere.insert(.inputMissing) }
    if !range.notes.isEmpty { everywhere.insert(.outsideTrainedRange) }
    self.everywhere = everywhere
  }

  /// The flags of a rain rate on the input's grid whose content has travelled `path`.
  func flags(of rate: Plane, along path: Displacement) -> [NowcastQuality] {
    let (rows, columns) = (path.x.rows, path.x.columns)
    var flags = here
    for row in 0..<rate.rows {
      let workingRow = min(row / factor, rows - 1)
      for column in 0..<rate.columns {
        let at = row &* rate.columns &+ column
        let working = workingRow &* columns &+ min(column / factor, columns &- 1)
        let x = Float(working % columns) - path.x.values[working]
        let y = Float(workingRow) - path.y.values[working]
        var flag = flags[at].union(everywhere)
        if rate.values[at].isNaN { flag.insert(.arrivesFromOutside) }
        if !isOutside(x: x, y: y, rows: rows, columns: columns) {
          let from = nearest(y, rows) &* columns &+ nearest(x, columns)
          flag.formUnion(moving[from])
        }
        flags[at] = flag
      }
    }
    return flags
  }

  @inline(__always)
  private func nearest(_ position: Float, _ count: Int) -> Int {
    min(max(Int((position + 0.5).rounded(.down)), 0), count &- 1)
  }
}
