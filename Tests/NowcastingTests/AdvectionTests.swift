// Tests of Nowcasting. Semi-Lagrangian advection of fields whose fate is known.

import Foundation
import Nowcasting
import Tensors
import Testing

@Suite struct AdvectionTests {
  /// A steady rotation about the centre of a grid, in radians a minute.
  func rotation(_ rate: Double, rows: Int, columns: Int) -> Motion {
    let (cx, cy) = (Double(columns - 1) / 2, Double(rows - 1) / 2)
    return Motion(
      u: Plane(rows: rows, columns: columns) { row, _ in Float(-rate * (Double(row) - cy)) },
      v: Plane(rows: rows, columns: columns) { _, column in Float(rate * (Double(column) - cx)) })
  }

  func translation(_ u: Float, _ v: Float, rows: Int, columns: Int) -> Motion {
    Motion(
      u: Plane(rows: rows, columns: columns, repeating: u),
      v: Plane(rows: rows, columns: columns, repeating: v))
  }

  @Test func movesWholeCellsExactly() {
    let field = Plane(rows: 30, columns: 40) { Float($0 * 100 + $1) }
    let motion = translation(0.5, -0.25, rows: 30, columns: 40)
    let moved = Advection.fetch(field, along: Advection.displacement(motion, minutes: 12))
    for row in 0..<27 {
      for column in 6..<40 { #expect(moved[row, column] == field[row + 3, column - 6]) }
    }
    #expect(moved[10, 5].isNaN && moved[28, 20].isNaN)
  }

  @Test(arguments: [5.0, 30, 90, 180])
  func followsACircle(_ minutes: Double) {
    let rate = 0.008
    let motion = rotation(rate, rows: 121, columns: 121)
    let displacement = Advection.displacement(motion, minutes: minutes)
    for (row, column) in [(60, 60), (60, 90), (40, 70), (80, 50)] {
      let (x, y) = (Double(column) - 60, Double(row) - 60)
      let angle = -rate * minutes
      let fromX = x * cos(angle) - y * sin(angle)
      let fromY = x * sin(angle) + y * cos(angle)
      #expect(abs(Double(displacement.x[row, column]) - (x - fromX)) < 0.05)
      #expect(abs(Double(displacement.y[row, column]) - (y - fromY)) < 0.05)
    }
  }

  @Test func movesABlobWhereItBelongs() {
    let scene = Scene(rows: 128, columns: 128, velocity: (0.8, 0.3))
    let motion = translation(0.8, 0.3, rows: 128, columns: 128)
    let moved = Advection.fetch(
      scene.rain(at: 0), along: Advection.displacement(motion, minutes: 30))
    let truth = scene.rain(at: 30)
    var worst: Float = 0
    for row in 20..<128 {
      for column in 30..<128 { worst = max(worst, abs(moved[row, column] - truth[row, column])) }
    }
    #expect(worst < 0.5)
  }

  @Test func comesBackAlongTheMotion() {
    let motion = rotation(0.01, rows: 91, columns: 91)
    let forward = Advection.displacement(motion, minutes: 40)
    let backward = Advection.displacement(motion, minutes: -40)
    // Following the motion from x for 40 minutes and then asking where that place came from.
    let (row, column) = (45, 65)
    let x = Double(column) - Double(backward.x[row, column])
    let y = Double(row) - Double(backward.y[row, column])
    let back = (
      x: x - Double(forward.x[Int(y.rounded()), Int(x.rounded())]),
      y: y - Double(forward.y[Int(y.rounded()), Int(x.rounded())])
    )
    #expect(abs(back.x - Double(column)) < 0.6 && abs(back.y - Double(row)) < 0.6)
  }

  @Test func missingCellsStayMissingAndDoNotSpread() {
    let field = Plane(rows: 40, columns: 40, repeating: 3).hiding(rows: 10..<20, columns: 10..<20)
    let motion = translation(0.25, 0, rows: 40, columns: 40)
    let moved = Advection.fetch(field, along: Advection.displacement(motion, minutes: 10))
    #expect(moved.values.allSatisfy { $0.isNaN || $0 == 3 })
    // Two and a half cells to the right: each edge is decided by the half-weight rule.
    #expect(moved[15, 15].isNaN && moved[15, 21].isNaN && moved[15, 11] == 3)
    #expect(moved[15, 0].isNaN && moved[15, 1].isNaN && moved[15, 3] == 3)
  }

  @Test func restIsExact() {
    let field = Scene(rows: 33, columns: 21).rain(at: 0)
    let still = Motion(still: 33, columns: 21)
    let moved = Advection.fetch(field, along: Advection.displacement(still, minutes: 90))
    #expect(moved.isIdentical(to: field))
  }

  @Test func goesOnWhereItStopped() {
    let motion = rotation(0.01, rows: 61, columns: 73)
    let whole = Advection.displacement(motion, minutes: 60)
    let half = Advection.displacement(motion, minutes: 20)
    let both = Advection.extended(half, along: motion, by: 40)
    #expect(both.x.isIdentical(to: whole.x) && both.y.isIdentical(to: whole.y))
  }

  @Test func hasTheSameBitsOnAnyNumberOfThreads() {
    let field = Scene(rows: 150, columns: 170).rain(at: 0)
    let motion = rotation(0.01, rows: 150, columns: 170)
    let results = [1, 2, 4].map { threads in
      ThreadPool(threads: threads).asCurrent {
        Advection.fetch(field, along: Advection.displacement(motion, minutes: 37))
      }
    }
    #expect(results.allSatisfy { $0.isIdentical(to: results[0]) })
  }
}
