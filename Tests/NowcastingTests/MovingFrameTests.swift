// Tests of Nowcasting. Past rain carried to where it is now.

import Forecasting
import Foundation
import Nowcasting
import TestSupport
import Testing

@Suite struct MovingFrameTests {
  let history: FrameHistory
  let scene = Scene(rows: 80, columns: 96, velocity: (0.6, 0.3))
  let motion = Motion(
    u: Plane(rows: 80, columns: 96, repeating: 0.6), v: Plane(rows: 80, columns: 96, repeating: 0.3)
  )

  init() throws {
    history = try ModelPackage(
      contentsOf: SharedFolder.checkout.appending(path: "Models/convective-rain")
    ).manifest.history
  }

  func frames(_ ages: [Double]) -> [AgedRain] {
    ages.map { AgedRain(rain: scene.rain(at: -$0), age: $0) }
  }

  /// The mean difference of two planes away from the border.
  func difference(_ a: Plane, _ b: Plane) -> Float {
    var total: Float = 0
    for row in 30..<80 { for column in 40..<96 { total += abs(a[row, column] - b[row, column]) } }
    return total / Float(50 * 56)
  }

  @Test func rainThatOnlyMovesStandsStill() {
    let moving = MovingFrame(frames([0, 10, 20, 30]), motion: motion, history: history)
    #expect(moving.slots.count == 4 && !moving.isInterpolated)
    #expect(moving.slots[0].isIdentical(to: scene.rain(at: 0)))
    for slot in moving.slots { #expect(difference(slot, moving.slots[0]) < 0.05) }
  }

  @Test func aMissingFrameIsBridgedAlongTheMotion() {
    let whole = MovingFrame(frames([0, 10, 20, 30]), motion: motion, history: history)
    let bridged = MovingFrame(frames([0, 10, 30]), motion: motion, history: history)
    #expect(bridged.isInterpolated)
    #expect(difference(bridged.slots[2], whole.slots[2]) < 0.05)
    // Blending where the rain stood would leave two half-strong copies.
    let still = MovingFrame(
      frames([0, 10, 30]), motion: Motion(still: 80, columns: 96), history: history)
    #expect(difference(still.slots[2], whole.slots[2]) > 0.5)
  }

  @Test func whereOneNeighbourIsBlindTheOtherStandsAlone() {
    var ages = frames([0, 10, 30])
    ages[1] = AgedRain(rain: ages[1].rain.hiding(rows: 40..<60, columns: 40..<60), age: 10)
    let still = Motion(still: 80, columns: 96)
    let moving = MovingFrame(ages, motion: still, history: history)
    #expect(moving.slots[2].validCount == moving.slots[2].count)
    #expect(moving.slots[2][50, 50] == ages[2].rain[50, 50])
  }

  @Test func eachFrameTakesItsOwnPath() {
    let ages: [Double] = [0, 10, 20, 30]
    let moving = MovingFrame(frames(ages), motion: motion, history: history)
    for (slot, age) in zip(moving.slots, ages) where age > 0 {
      let path = Advection.displacement(motion, minutes: age)
      #expect(slot.isIdentical(to: Advection.fetch(scene.rain(at: -age), along: path)))
    }
  }

  @Test func theOldestFrameIsRepeated() {
    let moving = MovingFrame(frames([0, 10]), motion: motion, history: history)
    #expect(moving.isShort && !moving.isInterpolated)
    #expect(moving.slots[2].isIdentical(to: moving.slots[1]))
    #expect(moving.slots[3].isIdentical(to: moving.slots[1]))
  }
}
