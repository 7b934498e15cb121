// Tests of Nowcasting. The bundled model's own vectors of motion and advection.

import Forecasting
import Foundation
import Nowcasting
import TestSupport
import Testing

@Suite struct ModelVectorTests {
  static let folder = SharedFolder.checkout.appending(path: "Models/convective-rain")

  /// What a case's JSON says.
  struct Description: Decodable {
    var minutes: [Double]
    var displacement_minutes: Double
    var advected_minutes: [Double]
  }

  func planes(_ name: String, _ what: String) throws -> [Plane] {
    try NumPyFile(Self.folder.appending(path: "tests/motion/\(name)_\(what).npy")).planes
  }

  /// The largest difference where both have values, and how many cells only one of them has.
  func difference(_ a: Plane, _ b: Plane) -> (largest: Float, unlike: Int) {
    var largest: Float = 0
    var unlike = 0
    for (x, y) in zip(a.values, b.values) {
      if x.isNaN != y.isNaN { unlike += 1 } else if !x.isNaN { largest = max(largest, abs(x - y)) }
    }
    return (largest, unlike)
  }

  @Test(arguments: ["fast", "odd", "tiny"])
  func motionAndAdvectionAreThoseOfTheModel(_ name: String) throws {
    let json = Self.folder.appending(path: "tests/motion/\(name).json")
    let description = try JSONDecoder().decode(
      Description.self, from: Data(contentsOf: json))
    let manifest = try ModelPackage(contentsOf: Self.folder).manifest
    let frames = try planes(name, "frames")
    let expected = try planes(name, "motion")
    let motion = MotionEstimator.motion(
      of: frames, minutes: description.minutes, settings: manifest.motion)
    #expect(difference(motion.u, expected[0]).largest < 1e-4)
    #expect(difference(motion.v, expected[1]).largest < 1e-4)

    let given = Motion(u: expected[0], v: expected[1])
    let displacement = Advection.displacement(
      given, minutes: description.displacement_minutes, settings: manifest.advection)
    let wanted = try planes(name, "displacement")
    #expect(difference(displacement.x, wanted[0]).largest < 1e-4)
    #expect(difference(displacement.y, wanted[1]).largest < 1e-4)
    let newest = try #require(frames.last)
    for (minutes, plane) in zip(description.advected_minutes, try planes(name, "advected")) {
      let moved = Advection.fetch(
        newest,
        along: Advection.displacement(given, minutes: minutes, settings: manifest.advection))
      let found = difference(moved, plane)
      #expect(found.largest < 1e-3)
      #expect(found.unlike <= 1)
    }
  }
}
