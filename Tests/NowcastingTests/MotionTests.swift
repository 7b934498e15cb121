// Tests of Nowcasting. Motion from past frames: known motions, and the model's own Python.

import Foundation
import Nowcasting
import Tensors
import Testing

/// A scene and what the model's `training/motion.py` and `advection.py` make of it: probes are
/// (row, column, u, v, displacement x, displacement y) for 23 minutes.
struct MotionReference: Sendable, CustomStringConvertible {
  var description: String
  var scene: Scene
  var hasGap = false
  var meanU: Double
  var meanV: Double
  var fetchedMissing: Int
  var fetchedTotal: Double
  var probes: [(Int, Int, Float, Float, Float, Float)]

  var frames: [Plane] {
    var frames = scene.frames(MotionReference.minutes)
    if hasGap {
      frames = frames.map { $0.hiding(rows: 20..<60, columns: 70..<100) }
      frames[3] = Plane(rows: scene.rows, columns: scene.columns, repeating: .nan)
    }
    return frames
  }

  static let minutes: [Double] = [0, 5, 10, 15, 20, 25, 30]

  static let all = [
    MotionReference(
      description: "translation", scene: Scene(rows: 96, columns: 112),
      meanU: 0.6986419078561344, meanV: -0.3999383066714342, fetchedMissing: 2400,
      fetchedTotal: 22633.879498918966,
      probes: [
        (0, 3, 0.698583, -0.399827, 16.06797, -9.19582),
        (0, 77, 0.698447, -0.399707, 16.06432, -9.19515),
        (25, 40, 0.698714, -0.400010, 16.07310, -9.19967),
        (50, 3, 0.699245, -0.399947, 16.08272, -9.19887),
        (75, 77, 0.698604, -0.399983, 16.06931, -9.19943),
      ]),
    MotionReference(
      description: "rotation", scene: Scene(rows: 128, columns: 120, rotation: 0.012),
      meanU: 0.0274447870269114, meanV: -0.03774871475935318, fetchedMissing: 942,
      fetchedTotal: 44020.23790949579,
      probes: [
        (0, 43, 0.513734, -0.053528, 10.78472, -2.60962),
        (33, 3, 0.246503, -0.488763, 5.07211, -11.38135),
        (66, 43, -0.017491, -0.215734, -1.17896, -4.86374),
        (66, 83, 0.018516, 0.297616, 1.09050, 6.60881),
        (99, 83, -0.239804, 0.185395, -4.40954, 5.65815),
      ]),
    MotionReference(
      description: "missing sector and frame", scene: Scene(rows: 100, columns: 131), hasGap: true,
      meanU: 0.6977036822024193, meanV: -0.3994233324327542, fetchedMissing: 3835,
      fetchedTotal: 26153.783019231007,
      probes: [
        (0, 46, 0.698830, -0.399818, 16.07553, -9.19644),
        (26, 89, 0.693784, -0.397043, 15.96185, -9.14434),
        (52, 89, 0.695713, -0.399425, 16.00879, -9.18818),
        (78, 3, 0.698569, -0.399847, 16.06292, -9.19481),
      ]),
    MotionReference(
      description: "tiny grid", scene: Scene(rows: 14, columns: 20),
      meanU: 0.6945509601916585, meanV: -0.4075145951339177, fetchedMissing: 260,
      fetchedTotal: 0.0003291292785328416,
      probes: [
        (0, 3, 0.697480, -0.406090, 16.05253, -9.33665),
        (8, 9, 0.694846, -0.407331, 16.02839, -9.34818),
        (12, 15, 0.691886, -0.408828, 15.98917, -9.36638),
      ]),
  ]
}

@Suite struct MotionTests {
  @Test(arguments: MotionReference.all)
  func equalsTheModelsPython(_ reference: MotionReference) {
    let frames = reference.frames
    let motion = MotionEstimator.motion(of: frames, minutes: MotionReference.minutes)
    #expect(abs(motion.u.mean - reference.meanU) < 2e-6)
    #expect(abs(motion.v.mean - reference.meanV) < 2e-6)
    let displacement = Advection.displacement(motion, minutes: 23)
    for (row, column, u, v, dx, dy) in reference.probes {
      #expect(abs(motion.u[row, column] - u) < 5e-6)
      #expect(abs(motion.v[row, column] - v) < 5e-6)
      #expect(abs(displacement.x[row, column] - dx) < 5e-5)
      #expect(abs(displacement.y[row, column] - dy) < 5e-5)
    }
    let fetched = Advection.fetch(frames[6], along: displacement)
    #expect(abs(fetched.missingCount - reference.fetchedMissing) <= 2)
    let total = fetched.mean * Double(fetched.validCount)
    #expect(abs(total - reference.fetchedTotal) < 1e-4 * max(reference.fetchedTotal, 1))
  }

  @Test(arguments: [(0.7, -0.4), (-1.3, 0.9), (0.0, 0.0), (2.2, 0.1)])
  func findsTranslation(_ velocity: (Double, Double)) {
    let scene = Scene(rows: 160, columns: 160, velocity: velocity)
    let minutes: [Double] = [0, 10, 20]
    let motion = MotionEstimator.motion(of: scene.frames(minutes), minutes: minutes)
    #expect(abs(motion.u.mean - velocity.0) < 0.03)
    #expect(abs(motion.v.mean - velocity.1) < 0.03)
  }

  @Test func findsRotation() {
    let scene = Scene(rows: 160, columns: 160, rotation: 0.01)
    let minutes: [Double] = [0, 5, 10, 15, 20]
    let motion = MotionEstimator.motion(of: scene.frames(minutes), minutes: minutes)
    // Solid rotation: u = -w (y - cy), v = w (x - cx), seen half-way through the frames.
    var error = 0.0
    for row in stride(from: 40, to: 120, by: 8) {
      for column in stride(from: 40, to: 120, by: 8) {
        let u = -0.01 * (Double(row) - 80)
        let v = 0.01 * (Double(column) - 80)
        error += hypot(Double(motion.u[row, column]) - u, Double(motion.v[row, column]) - v)
      }
    }
    #expect(error / 100 < 0.15)
  }

  @Test(arguments: [Float(0), .nan, 0.1, .infinity])
  func staysStillWithoutRain(_ value: Float) {
    let frames = [Plane](repeating: Plane(rows: 64, columns: 48, repeating: value), count: 4)
    let motion = MotionEstimator.motion(of: frames, minutes: [0, 10, 20, 30])
    #expect(motion == Motion(still: 64, columns: 48))
  }

  @Test func staysStillWithOneFrame() {
    let scene = Scene(rows: 64, columns: 48)
    #expect(
      MotionEstimator.motion(of: scene.frames([0]), minutes: [0]) == Motion(still: 64, columns: 48))
  }

  @Test(arguments: [(1, 1), (1, 40), (40, 1), (2, 2), (7, 9), (15, 16), (17, 33)])
  func acceptsAnySize(_ size: (Int, Int)) {
    let scene = Scene(rows: size.0, columns: size.1)
    let minutes: [Double] = [0, 10, 20]
    let motion = MotionEstimator.motion(of: scene.frames(minutes), minutes: minutes)
    #expect(motion.u.rows == size.0 && motion.u.columns == size.1)
    #expect((motion.u.values + motion.v.values).allSatisfy { $0.isFinite })
    let fastest = zip(motion.u.values, motion.v.values).map { hypot($0, $1) }.max() ?? 0
    #expect(fastest <= 2.5001)
  }

  @Test func hasTheSameBitsOnAnyNumberOfThreads() {
    let scene = Scene(rows: 200, columns: 180, rotation: 0.01)
    let minutes: [Double] = [0, 5, 10, 15, 20, 25, 30]
    let frames = scene.frames(minutes)
    let results = [1, 2, 3].map { threads in
      ThreadPool(threads: threads).asCurrent {
        MotionEstimator.motion(of: frames, minutes: minutes)
      }
    }
    #expect(results.allSatisfy { $0.u.isIdentical(to: results[0].u) })
    #expect(results.allSatisfy { $0.v.isIdentical(to: results[0].v) })
  }
}
