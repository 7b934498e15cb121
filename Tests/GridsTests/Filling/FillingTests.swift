// Tests of Grids: filling under a mask takes the right neighbours and counts what it did.

import Foundation
import Grids
import Testing

@Suite struct FillingTests {
  @Test func nearestTakesTheNearestOnTheSphereAcrossTheSeam() throws {
    let grid = try HorizontalGrid(spec: "r36x18").geometry()
    var layer = [Float](repeating: .nan, count: grid.count)
    // At 85° N a cell ten columns away is nearer than one two rows away.
    layer[17 * 36 + 35] = 1
    layer[15 * 36 + 5] = 2
    var mask = [Bool](repeating: false, count: grid.count)
    mask[17 * 36 + 5] = true
    mask[16 * 36 + 0] = true
    let report = try SeaFiller(grid).fill(&layer, where: mask)
    #expect(layer[17 * 36 + 5] == 1)
    #expect(layer[16 * 36 + 0] == 1)
    #expect(report.filled == 2 && report.remaining == 0)
    // Cell (16, 0) at 75° N, 0° E from 85° N, 10° W.
    #expect(report.farthestKilometres > 1000 && report.farthestKilometres < 1200)
    #expect(layer.count { $0.isNaN } == grid.count - 4)
  }

  @Test func distancesAreLimitedAndLayersCountedOneByOne() throws {
    let grid = try HorizontalGrid(spec: "0:20:1,0:0:1").geometry()
    var layers = [Float](repeating: .nan, count: 3 * 21)
    layers[0] = 5
    layers[21 + 20] = 6
    let report = try SeaFiller(grid, maximumKilometres: 3.5 * 111.195).fill(&layers)
    #expect(report.filled == 6)
    #expect(report.remaining == 17 + 17 + 21)
    #expect(layers[3] == 5 && layers[4].isNaN && layers[21 + 17] == 6)
  }

  @Test func diffusionSolvesLaplacesEquation() throws {
    let grid = try HorizontalGrid(spec: "0:20:1,0:10:1").geometry()
    let truth = field(on: grid) { lon, lat in 2 * lon - lat }
    var layer = truth
    for row in 2...8 { for column in 3...17 { layer[row * 21 + column] = .nan } }
    let report = try SeaFiller(grid, method: .diffusion(tolerance: 1e-7)).fill(&layer)
    #expect(report.filled == 7 * 15)
    // A linear field obeys the equation.
    #expect(zip(layer, truth).allSatisfy { abs($0 - $1) < 1e-3 })
  }

  @Test func diffusionGoesRoundTheEarth() throws {
    let grid = try HorizontalGrid(spec: "r36x5").geometry()
    var layer = [Float](repeating: .nan, count: grid.count)
    for row in 0..<5 {
      layer[row * 36 + 10] = 1
      layer[row * 36 + 26] = 3
    }
    try SeaFiller(grid, method: .diffusion(tolerance: 1e-7)).fill(&layer)
    #expect(abs(layer[0] - 2) < 0.26 && abs(layer[18] - 2) < 1e-3)
    #expect(layer.allSatisfy { $0 >= 1 && $0 <= 3 })
  }

  @Test func nothingComesOfNothing() throws {
    let grid = try HorizontalGrid(spec: "r8x4").geometry()
    var layer = [Float](repeating: .nan, count: 32)
    #expect(try SeaFiller(grid).fill(&layer) == FillReport(remaining: 32))
    layer = [1]
    #expect(throws: GridError.self) { try SeaFiller(grid).fill(&layer) }
  }

  @Test func masksAreCompared() throws {
    let comparison = try MaskComparison(
      model: [true, true, false, false, true], values: [1, .nan, 2, .nan, 3])
    #expect(comparison.seaInBoth == 2 && comparison.landInBoth == 1)
    #expect(comparison.seaInModelOnly == 1 && comparison.seaInInputOnly == 1)
    #expect(!comparison.agrees)
    #expect(throws: GridError.self) { try MaskComparison(model: [true], input: []) }
  }
}
