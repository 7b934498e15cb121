// Tests of Grids: columns are taken to other levels, in any unit and direction.

import Foundation
import GridFiles
import Grids
import Testing

private func axis(
  _ values: [Double], _ units: String, _ kind: VerticalAxis.Kind = .depth,
  positive: VerticalAxis.Direction = .down, bounds: [Double]? = nil
) -> VerticalAxis {
  VerticalAxis(
    name: "lev", kind: kind, values: values, units: units, positive: positive, bounds: bounds)
}

@Suite struct VerticalTests {
  @Test func linearInDepth() throws {
    let values: [Float] = [0, 100, 10, 110, 30, 130]
    let result = try VerticalInterpolation().apply(
      values, from: axis([0, 10, 30], "m"), to: axis([5, 10, 25, 40], "m"))
    #expect(result[0..<6] == [5, 105, 10, 110, 25, 125])
    #expect(result[6].isNaN && result[7].isNaN)
    let held = try VerticalInterpolation(extrapolation: .nearest).apply(
      values, from: axis([0, 10, 30], "m"), to: axis([40], "m"))
    #expect(held == [30, 130])
  }

  @Test func unitsAndDirectionsAreBroughtTogether() throws {
    let values: [Float] = [0, 10, 30]
    let wanted = try VerticalInterpolation().apply(
      values, from: axis([0, 0.01, 0.03], "km"), to: axis([-25, -5], "m", .height, positive: .up))
    #expect(abs(wanted[0] - 25) < 1e-4 && abs(wanted[1] - 5) < 1e-4)
    let pressure = try VerticalInterpolation(method: .logarithmic).apply(
      [1, 2], from: axis([1000, 100], "hPa", .pressure),
      to: axis([31622.7766], "Pa", .pressure))
    #expect(abs(pressure[0] - 1.5) < 1e-6)
    #expect(throws: GridError.self) {
      try VerticalInterpolation().apply(
        values, from: axis([0, 1, 2], "m"), to: axis([1], "hPa", .pressure))
    }
  }

  @Test func missingLevelsAreNeverUsed() throws {
    let values: [Float] = [4, 8, .nan]
    let levels = axis([0, 10, 30], "m")
    let result = try VerticalInterpolation().apply(
      values, from: levels, to: axis([10, 11, 30], "m"))
    #expect(result[0] == 8 && result[1].isNaN && result[2].isNaN)
    let held = try VerticalInterpolation(extrapolation: .nearest).apply(
      values, from: levels, to: axis([11, 500], "m"))
    #expect(held == [8, 8])
  }

  @Test func everyColumnMayHaveLevelsOfItsOwn() throws {
    // Two columns, one twice as deep, counted from the floor up; one level of the second is not there.
    let coordinates: [Double] = [-100, -200, -50, .nan, 0, 0]
    let values: [Float] = [10, 20, 5, 99, 0, 0]
    let result = try VerticalInterpolation().apply(
      values, coordinates: coordinates, levelCount: 3, to: [-75, -150])
    #expect(result[0] == 7.5 && abs(result[1] - 7.5) < 1e-6)
    #expect(result[2].isNaN && result[3] == 15)
  }

  @Test func layersKeepWhatTheyHold() throws {
    let from = axis([5, 20, 65], "m", bounds: [0, 10, 10, 30, 30, 100])
    let to = axis([25, 75], "m", bounds: [0, 50, 50, 100])
    let values: [Float] = [1, 2, 4]
    let result = try VerticalInterpolation(method: .conservative).apply(values, from: from, to: to)
    #expect(abs(result[0] - (10 + 40 + 80) / 50) < 1e-6 && result[1] == 4)
  }

  @Test func nonsenseIsRefused() {
    #expect(throws: GridError.self) {
      try VerticalInterpolation().apply([1, 2, 3], from: [0, 2, 1], to: [1])
    }
    #expect(throws: GridError.self) {
      try VerticalInterpolation().apply([1, 2, 3], from: [0, 1], to: [1])
    }
    #expect(throws: GridError.self) {
      try VerticalInterpolation(method: .logarithmic).apply([1, 2], from: [0, 1], to: [1])
    }
  }
}
