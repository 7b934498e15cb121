// Room: Nowcasting. The past as seen by somebody who drifts with the rain.

package import Forecasting

/// A rain field and how old it is at the reference time.
package struct AgedRain: Sendable {
  /// Rain in mm h-1 on the working grid; NaN where not seen.
  package let rain: Plane
  /// Minutes before the reference time.
  package let age: Double

  /// A field of an age.
  package init(rain: Plane, age: Double) {
    self.rain = rain
    self.age = age
  }
}

/// The slots of a history, each carried along the motion to the reference time.
///
/// In this frame rain stands still, and what changes from slot to slot is growth and decay.
package struct MovingFrame: Sendable {
  /// Rain in mm h-1, the newest slot first.
  package let slots: [Plane]
  /// Whether a slot had no frame of its own age and was made from others.
  package let isInterpolated: Bool
  /// Whether a slot is older than the oldest frame, which stands for it.
  package let isShort: Bool

  /// How far a frame's age may be from a slot's, in minutes, to stand for it.
  private static let tolerance = 0.5

  /// Carries `frames` (the newest first) to the reference time.
  ///
  /// A slot without a frame of its age is blended from its neighbours in time, each carried to the
  /// reference time; where only one of them saw a cell, that one stands alone. A slot older than
  /// the oldest frame repeats it.
  package init(
    _ frames: [AgedRain], motion: Motion, history: FrameHistory,
    advection: AdvectionSettings = AdvectionSettings()
  ) {
    var carried: [Int: Plane] = [:]
    var last: (path: Displacement, age: Double)?
    func atReference(_ index: Int) -> Plane {
      if let known = carried[index] { return known }
      let frame = frames[index]
      let path: Displacement
      // Slots come from new to old, so that one path is often the last one followed further: the
      // same path only where both are whole steps.
      if let last, frame.age > last.age, advection.isWhole(last.age), advection.isWhole(frame.age) {
        path = Advection.extended(
          last.path, along: motion, by: frame.age - last.age, settings: advection)
      } else {
        path = Advection.displacement(motion, minutes: frame.age, settings: advection)
      }
      last = (path, frame.age)
      let moved = frame.age == 0 ? frame.rain : Advection.fetch(frame.rain, along: path)
      carried[index] = moved
      return moved
    }
    var slots: [Plane] = []
    var isInterpolated = false
    var isShort = false
    for age in history.agesMinutes {
      let nearest = frames.indices.min { abs(frames[$0].age - age) < abs(frames[$1].age - age) }
      if let nearest, abs(frames[nearest].age - age) <= Self.tolerance {
        slots.append(atReference(nearest))
        continue
      }
      let younger = frames.lastIndex { $0.age < age }
      let older = frames.firstIndex { $0.age > age }
      switch (younger, older) {
      case (let younger?, let older?):
        isInterpolated = true
        let (from, to) = (frames[younger].age, frames[older].age)
        let share = Float((age - from) / (to - from))
        slots.append(Self.blend(atReference(younger), atReference(older), share))
      case (let only?, nil), (nil, let only?):
        isShort = true
        slots.append(atReference(only))
      case (nil, nil): break
      }
    }
    self.slots = slots
    self.isInterpolated = isInterpolated
    self.isShort = isShort
  }

  private static func blend(_ younger: Plane, _ older: Plane, _ share: Float) -> Plane {
    Plane.lend([younger, older]) { input in
      let (a, b) = (input[0], input[1])
      let columns = younger.columns
      return Rows.plane(rows: younger.rows, columns: columns, cost: 2) { range, output in
        for row in range {
          let out = output.row(row)
          for column in 0..<columns {
            let at = row &* columns &+ column
            let mix = a[at] * (1 - share) + b[at] * share
            out[column] = mix == mix ? mix : (a[at] == a[at] ? a[at] : b[at])
          }
        }
      }
    }
  }
}

extension AdvectionSettings {
  /// Whether a path of so many minutes is cut into steps of full length.
  fileprivate func isWhole(_ minutes: Double) -> Bool {
    let steps = minutes / stepMinutes
    return abs(steps - steps.rounded()) < 1e-9
  }
}
