// Room: Nowcasting. Which frames of a dataset a nowcast is made from, and whether they will do.

package import Forecasting
package import Grids

/// The frames behind a nowcast, chosen by their times alone.
package struct FrameSelection: Sendable, Equatable {
  /// The time from which to forecast: that of the newest frame used.
  package let referenceTime: CFTime
  /// The frames' places in the dataset, the newest first.
  package let indices: [Int]
  /// Their ages at the reference time, in minutes.
  package let ages: [Double]
  /// The usual time between frames, in minutes.
  package let step: Double
  /// The times at which a frame is missing.
  package let missing: [CFTime]

  /// How far a frame may be from a time that is asked for, in minutes, to be meant by it.
  private static let tolerance = 0.5
  /// How uneven steps may be, as a share of the usual one: scans do not end on the second.
  private static let unevenness = 0.2

  /// Chooses from `times`, which ascend; `excluded` are as good as not there.
  ///
  /// One missing frame is bridged; more are too many. Of many frames only those are chosen that the
  /// history's slots or the motion are made from.
  /// **Throws** `NowcastError`: `referenceTime`, `notYet`, `missingFrames` or `unevenFrames`.
  package init(
    times: [CFTime], referenceTime wanted: CFTime?, excluding excluded: Set<Int> = [],
    history: FrameHistory, motion: MotionSettings
  ) throws(NowcastError) {
    let newest = try Self.newest(times, wanted)
    let reference = times[newest]
    let window = max(history.agesMinutes.last ?? 0, motion.maximumAgeMinutes)
    let minutes = (0...newest).map { reference.since(times[$0]).inMinutes }
    let past = (0...newest).reversed().filter { !excluded.contains($0) }
    var used = past.filter { minutes[$0] <= window + 0.01 }
    // A slot beyond the last frame may lie between it and one just outside the window.
    if let oldest = used.last, let next = past.dropFirst(used.count).first,
      minutes[oldest] < (history.agesMinutes.last ?? 0) - Self.tolerance,
      Self.isBridged(minutes[next] - minutes[oldest], used.map { minutes[$0] }, history)
    {
      used.append(next)
    }
    let ages = used.map { minutes[$0] }
    guard used.count >= history.minimumFrames, used.count >= 2 else {
      let needed = max(history.minimumFrames, 2)
      throw NowcastError(
        .missingFrames,
        "only \(used.count) frame(s) in the \(Self.text(window)) up to \(reference); give at least "
          + "\(needed), the newest \(Self.text(history.maximumGapMinutes)) apart or less")
    }
    let steps = zip(ages.dropFirst(), ages).map { $0 - $1 }
    let usual = Self.usual(steps)
    step = usual
    missing = try Self.gaps(steps, usual: usual, times: used.map { times[$0] }).sorted()
    guard missing.count <= 1 else {
      throw NowcastError(
        .missingFrames,
        "\(missing.count) frames are missing before \(reference): "
          + missing.map(\.iso8601).joined(separator: ", ") + "; at most one can be bridged")
    }
    for (index, gap) in steps.enumerated() where !Self.isBridged(gap, ages, history) {
      throw NowcastError(
        .missingFrames,
        "no frame for \(Self.text(gap)) between \(times[used[index + 1]]) and \(times[used[index]]); "
          + "the model bridges at most \(Self.text(history.maximumGapMinutes))")
    }
    let needed = Self.needed(ages, history.agesMinutes, motion)
    referenceTime = reference
    indices = needed.map { used[$0] }
    self.ages = needed.map { ages[$0] }
  }

  /// Whether frames of these ages may be so far apart: one that lacks is bridged at any step that
  /// the model takes.
  private static func isBridged(
    _ gap: Double, _ ages: [Double], _ history: FrameHistory
  ) -> Bool {
    let steps = zip(ages.dropFirst(), ages).map { $0 - $1 }
    let longest = history.maximumGapMinutes
    let usual = steps.isEmpty ? longest : self.usual(steps)
    return gap <= (usual <= longest ? max(longest, 2 * usual) : longest) + 0.01
  }

  /// The places, among frames of these ages, of those that slots or motion are made from.
  private static func needed(
    _ ages: [Double], _ slots: [Double], _ motion: MotionSettings
  ) -> [Int] {
    let moving = MotionEstimator.framesUsed(minutes: ages.reversed().map { -$0 }, motion)
    var places = Set(moving.map { ages.count - 1 - $0 })
    for slot in slots {
      let nearest = ages.indices.min { abs(ages[$0] - slot) < abs(ages[$1] - slot) }
      if let nearest, abs(ages[nearest] - slot) <= tolerance {
        places.insert(nearest)
      } else {
        let neighbours = [
          ages.lastIndex { $0 < slot }, ages.firstIndex { $0 > slot },
        ]
        places.formUnion(neighbours.compactMap(\.self))
      }
    }
    return places.sorted()
  }

  /// The place of the frame at the reference time.
  private static func newest(_ times: [CFTime], _ wanted: CFTime?) throws(NowcastError) -> Int {
    guard let last = times.last else {
      throw NowcastError(.missingFrames, "there are no frames; give at least two")
    }
    guard let wanted else { return times.count - 1 }
    guard wanted.calendar == last.calendar || (wanted.calendar.isReal && last.calendar.isReal)
    else {
      throw NowcastError(
        .referenceTime,
        "the reference time is in the calendar \(wanted.calendar.rawValue), the frames are in "
          + "\(last.calendar.rawValue)")
    }
    let distances = times.map { abs($0.since(wanted).inMinutes) }
    if let nearest = distances.indices.min(by: { distances[$0] < distances[$1] }),
      distances[nearest] <= tolerance
    {
      return nearest
    }
    if wanted > last {
      throw NowcastError(
        .notYet,
        "no frame at the reference time \(wanted) yet: the newest is of \(last); try again later")
    }
    let before = times.last { $0 < wanted }.map { "the one before is of \($0)" }
    let after = times.first { $0 > wanted }.map { "the one after of \($0)" }
    throw NowcastError(
      .referenceTime,
      "no frame at the reference time \(wanted): "
        + [before, after].compactMap(\.self).joined(separator: ", ") + "; choose one of these")
  }

  /// The commonest step, the shortest of those equally common; steps that differ by less than the
  /// unevenness allowed count as the same.
  private static func usual(_ steps: [Double]) -> Double {
    let sorted = steps.sorted()
    var best = (step: sorted[0], count: 0)
    for step in sorted {
      let count = sorted.count { abs($0 - step) <= unevenness * step }
      if count > best.count { best = (step, count) }
    }
    return best.step
  }

  /// The times that lack between frames `times`, the newest first.
  private static func gaps(
    _ steps: [Double], usual: Double, times: [CFTime]
  ) throws(NowcastError) -> [CFTime] {
    var missing: [CFTime] = []
    for (index, gap) in steps.enumerated() {
      let whole = (gap / usual).rounded()
      guard whole >= 1, abs(gap - whole * usual) <= unevenness * usual else {
        throw NowcastError(
          .unevenFrames,
          "frames are \(text(usual)) apart, but \(text(gap)) lie between \(times[index + 1]) and "
            + "\(times[index]); give evenly spaced frames")
      }
      for place in 1..<max(Int(min(whole, 1000)), 1) {
        missing.append(times[index].advanced(by: .seconds(-60 * gap / whole * Double(place))))
      }
    }
    return missing
  }

  private static func text(_ minutes: Double) -> String {
    let rounded = (minutes * 10).rounded() / 10
    return rounded == rounded.rounded() ? "\(Int(rounded)) min" : "\(rounded) min"
  }
}
