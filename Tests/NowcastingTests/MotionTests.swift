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
      meanU: 0.6943315640479947, meanV: -0.399391760060098, fetchedMissing: 2400,
      fetchedTotal: 22669.156813364003,
      probes: [
        (0, 3, 0.694341, -0.400175, 15.97015, -9.20352),
        (24, 56, 0.694230, -0.399534, 15.96885, -9.18976),
        (48, 103, 0.694089, -0.399308, 15.96483, -9.18393),
        (72, 37, 0.694583, -0.399143, 15.97724, -9.17921),
        (95, 111, 0.694148, -0.399310, 15.96576, -9.18378),
      ]),
    MotionReference(
      description: "rotation", scene: Scene(rows: 128, columns: 120, rotation: 0.012),
      meanU: 0.006381332151742451, meanV: -0.05834098382265059, fetchedMissing: 789,
      fetchedTotal: 44163.12150134063,
      probes: [
        (0, 3, 0.232383, -0.300082, 5.23865, -7.04939),
        (32, 60, 0.191867, -0.029570, 4.31828, -1.05606),
        (64, 111, 0.066167, 0.241708, 1.81490, 5.52686),
        (96, 40, -0.221533, -0.219608, -5.29856, -4.79503),
        (127, 119, -0.132023, 0.145393, -3.03493, 3.39950),
      ]),
    MotionReference(
      description: "missing sector and frame", scene: Scene(rows: 100, columns: 131), hasGap: true,
      meanU: 0.6915771796184642, meanV: -0.3987633669717621, fetchedMissing: 3835,
      fetchedTotal: 26131.588002080745,
      probes: [
        (0, 3, 0.695410, -0.399693, 15.99570, -9.19310),
        (25, 65, 0.691099, -0.398228, 15.91912, -9.17189),
        (50, 122, 0.688554, -0.397701, 15.84036, -9.15513),
        (75, 43, 0.693347, -0.399995, 15.95926, -9.20045),
        (99, 130, 0.689435, -0.399228, 15.85690, -9.18387),
      ]),
    MotionReference(
      description: "tiny grid", scene: Scene(rows: 14, columns: 20),
      meanU: 0.6945509601916585, meanV: -0.4075145951339177, fetchedMissing: 260,
      fetchedTotal: 0.0003292291785328416,
      probes: [
        (0, 3, 0.697480, -0.406090, 16.05253, -9.33665),
        (3, 10, 0.694665, -0.407392, 16.02974, -9.34692),
        (7, 11, 0.693964, -0.407751, 16.01956, -9.35205),
        (10, 6, 0.696064, -0.406775, 16.03682, -9.34470),
        (13, 19, 0.690513, -0.409574, 15.95373, -9.38342),
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
