// Tests of Grids: velocities on sides come to centres, and vectors turn to east and north.

import Foundation
import GridFiles
import Grids
import Testing

@Suite struct StaggeredTests {
  /// Velocities that grow with the place of the side, so that the mean is the place of the centre.
  @Test(arguments: [FacePosition.left, .right, .outer, .inner, .centre])
  func velocitiesComeToCentres(_ position: FacePosition) throws {
    let (width, height) = (5, 4)
    let offset: Float =
      switch position {
      case .left, .outer: -0.5
      case .right, .inner: 0.5
      case .centre: 0
      }
    let columns = position.count(width)
    let u = (0..<height).flatMap { _ in (0..<columns).map { Float($0) + offset } }
    let v = (0..<position.count(height)).flatMap { row in
      [Float](repeating: Float(row) + offset, count: width)
    }
    let centred = try FaceVelocities(width: width, height: height, u: position, v: position)
      .centred(u: u, v: v)
    for row in 1..<height - 1 {
      for column in 1..<width - 1 {
        #expect(centred.u[row * width + column] == Float(column))
        #expect(centred.v[row * width + column] == Float(row))
      }
    }
    #expect(centred.u.allSatisfy { !$0.isNaN })
  }

  @Test func nothingFlowsThroughCoasts() throws {
    let u: [Float] = [.nan, 2, .nan, .nan]
    let v = [Float](repeating: .nan, count: 8)
    let grid = FaceVelocities(width: 3, height: 1, u: .outer, v: .outer)
    let result = try grid.centred(u: u, v: Array(v.prefix(6)))
    #expect(result.u[0] == 1 && result.u[1] == 1 && result.u[2].isNaN)
    #expect(result.v[0] == 0 && result.v[2].isNaN)
    let left = FaceVelocities(width: 3, height: 1, u: .outer, v: .outer, coast: .leftOut)
    #expect(try left.centred(u: u, v: Array(v.prefix(6))).u[0] == 2)
    let masked = try grid.centred(u: u, v: Array(v.prefix(6)), sea: [true, false, true])
    #expect(masked.u[0] == 1 && masked.u[1].isNaN && masked.u[2] == 0)
  }

  @Test func rowsThatCloseTakeTheFaceAcrossTheSeam() throws {
    let u: [Float] = [1, 2, 3]
    let v = [Float](repeating: 0, count: 3)
    let round = FaceVelocities(width: 3, height: 1, u: .right, v: .right, isCyclic: true)
    #expect(try round.centred(u: u, v: v).u == [2, 1.5, 2.5])
  }

  @Test func anglesOfTurnedGridsAreThoseOfTheRotation() throws {
    let grid = rotatedGrid(columns: 72, rows: 36, poleLatitude: 40)
    let geometry = try grid.geometry()
    let angles = try grid.angles()
    // A vector to the true pole: its angle to rows is known where the meridian meets the grid.
    for cell in stride(from: 0, to: geometry.count, by: 37) {
      let length =
        angles.cosines[cell] * angles.cosines[cell] + angles.sines[cell] * angles.sines[cell]
      #expect(abs(length - 1) < 1e-12)
    }
    // On the meridian of the pole, rows run east (or west beyond the pole).
    let turned = try angles.toEastNorth(
      [Float](repeating: 3, count: geometry.count), [Float](repeating: 4, count: geometry.count))
    let back = try angles.toGrid(east: turned.east, north: turned.north)
    #expect(back.x.allSatisfy { abs($0 - 3) < 1e-5 } && back.y.allSatisfy { abs($0 - 4) < 1e-5 })
  }

  @Test func solidRotationSurvivesTurningAndRegridding() throws {
    // A flow round the Earth's axis: east = cos φ, north = 0.
    let grid = rotatedGrid(columns: 144, rows: 72, poleLatitude: 30)
    let source = try grid.geometry()
    let angles = try grid.angles()
    let east = field(on: source) { _, lat in cos(lat * .pi / 180) }
    let own = try angles.toGrid(east: east, north: [Float](repeating: 0, count: east.count))
    let target = try HorizontalGrid(spec: "2.5:357.5:5,-70:70:5").geometry()
    let regridder = try Regridder(
      from: source, to: target, method: .bilinear, options: RegridOptions(extrapolation: .nearest))
    for components in [VectorRegridder.Components.eastNorth, .cartesian] {
      let result = try VectorRegridder(regridder, source: angles, components: components)
        .apply(x: own.x, y: own.y)
      let truth = field(on: target) { _, lat in cos(lat * .pi / 180) }
      for (found, wanted) in zip(result.x, truth) { #expect(abs(found - wanted) < 0.03) }
      #expect(result.y.allSatisfy { abs($0) < 0.03 })
    }
  }

  @Test func sizesMustAgree() {
    let grid = FaceVelocities(width: 3, height: 2, u: .outer, v: .outer)
    #expect(throws: GridError.self) { try grid.centred(u: [1, 2], v: [1]) }
    #expect(FaceVelocities.position(faces: 7, cells: 3, ambiguous: .left) == nil)
    #expect(FaceVelocities.position(faces: 4, cells: 3, ambiguous: .left) == .outer)
  }
}
