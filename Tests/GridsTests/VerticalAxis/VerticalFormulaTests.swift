// Tests of Grids: levels that follow formulas, against numbers worked out by hand from CF appendix D.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

struct VerticalFormulaTests {
  private func levels(
    _ kind: VerticalFormula.Kind, _ count: Int, _ column: [String: [Double]]
  ) throws -> [Double] {
    try VerticalFormula(kind: kind, terms: [:]).levels(count, column: column)
  }

  private func near(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-9 * max(1, abs($1)) }
  }

  @Test func atmosphere() throws {
    let hybrid = try levels(
      .hybridSigmaPressure, 2, ["a": [0.1, 0], "p0": [1e5], "b": [0.2, 1], "ps": [9e4]])
    #expect(near(hybrid, [28000, 90000]))
    let ap = try levels(.hybridSigmaPressure, 2, ["ap": [1e4, 0], "b": [0.2, 1], "ps": [9e4]])
    #expect(near(ap, [28000, 90000]))
    #expect(
      near(
        try levels(.atmosphereSigma, 2, ["sigma": [0, 0.5], "ptop": [1000], "ps": [101_000]]),
        [1000, 51000]))
    #expect(
      near(
        try levels(.hybridHeight, 2, ["a": [10, 1000], "b": [1, 0.5], "orog": [200]]), [210, 1100]))
    #expect(
      near(
        try levels(
          .sleve, 1,
          ["a": [0.5], "b1": [0.2], "b2": [0.1], "ztop": [20000], "zsurf1": [100], "zsurf2": [50]]),
        [10025]))
    #expect(
      near(try levels(.atmosphereLogPressure, 1, ["p0": [1e5], "lev": [1]]), [1e5 / M_E]))
  }

  @Test func ocean() throws {
    #expect(
      near(
        try levels(.oceanSigma, 3, ["sigma": [0, -0.5, -1], "eta": [1], "depth": [99]]),
        [1, -49, -99]))
    // At the surface s is 0 and at the bottom −1, whatever the stretching.
    for kind in [VerticalFormula.Kind.oceanSG1, .oceanSG2] {
      let ends = try levels(
        kind, 2, ["s": [0, -1], "c": [0, -1], "eta": [0.5], "depth": [200], "depth_c": [20]])
      #expect(near(ends, [0.5, -200]))
    }
    let g1 = try levels(
      .oceanSG1, 1, ["s": [-0.5], "c": [-0.2], "eta": [0], "depth": [100], "depth_c": [10]])
    #expect(near(g1, [10 * -0.5 + 90 * -0.2]))
    let stretched: Double = (10 * -0.5 + 100 * -0.2) / 110
    let g2 = try levels(
      .oceanSG2, 1, ["s": [-0.5], "c": [-0.2], "eta": [1], "depth": [100], "depth_c": [10]])
    #expect(near(g2, [1 + 101 * stretched]))
    let s = try levels(
      .oceanS, 2,
      ["s": [0, -1], "eta": [1], "depth": [100], "a": [5], "b": [0.4], "depth_c": [10]])
    #expect(near(s, [1, -100]))
    let z = try levels(
      .oceanSigmaZ, 3,
      [
        "sigma": [0, -1, .nan], "zlev": [.nan, .nan, -500], "eta": [1], "depth": [800],
        "depth_c": [100], "nsigma": [2],
      ])
    #expect(near(z, [1, -100, -500]))
    let double = try levels(
      .oceanDoubleSigma, 2,
      [
        "sigma": [0.5, 1], "depth": [150], "z1": [100], "z2": [200], "a": [1], "href": [150],
        "k_c": [1],
      ])
    #expect(near(double, [75, 150]))
  }

  @Test func termsThatLack() throws {
    let error = #expect(throws: GridError.self) {
      try levels(.oceanSigma, 1, ["sigma": [0], "eta": [0]])
    }
    #expect(error?.message.contains("'depth'") == true)
    #expect(throws: GridError.self) {
      try levels(.hybridSigmaPressure, 1, ["a": [1], "b": [1], "ps": [1]])
    }
    #expect(throws: GridError.self) {
      try levels(.oceanSigma, 3, ["sigma": [0, 1], "depth": [1]])
    }
    let formula = VerticalFormula(
      kind: .oceanSG2, formulaTerms: "s: s_rho C:Cs_r eta: zeta depth: h")
    #expect(formula.terms == ["s": "s_rho", "c": "Cs_r", "eta": "zeta", "depth": "h"])
  }

  @Test func romsLevelsOfEveryCell() throws {
    let folder = try TemporaryFolder()
    let dataset = try GridDataset(paths: [try folder.write(RomsFile().bytes, "roms.nc")])
    let temp = try dataset.field("temp")
    #expect(temp.vertical?.kind == .parametric && temp.vertical?.formula?.kind == .oceanSG2)
    let levels = try dataset.physicalLevels(of: temp, time: 1)
    #expect(levels.count == 3 * 4 * 5)
    let (eta, depth) = (0.1, 123.0)
    let stretched: Double = (20 * -0.5 + depth * -0.25) / (20 + depth)
    let expected: Double = eta + (eta + depth) * stretched
    #expect(abs(Double(levels[1 * 20 + 2 * 5 + 3]) - expected) < 1e-4)
    let part = try temp.taking([2], along: .y).taking([3, 1], along: .x)
    let some = try dataset.physicalLevels(of: part, time: 1)
    let wanted: [Int] = [13, 11, 33, 31, 53, 51]
    #expect(some == wanted.map { levels[$0] })
    let u = try dataset.field("u")
    let error = #expect(throws: GridError.self) { try dataset.physicalLevels(of: u) }
    #expect(error?.message.contains("another grid") == true)
    let mask = try #require(try dataset.seaMask(for: part))
    #expect(mask.source == "'mask_rho'" && mask.isSea == [true, false] && mask.levels == 1)
    #expect(try dataset.seaMask(for: u) == nil)
  }
}
