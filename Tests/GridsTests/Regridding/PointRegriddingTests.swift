// Tests of Grids: nearest and bilinear regridding keep constants, linear fields, seams and masks.

import Foundation
import Grids
import TestSupport
import Testing

/// A field that is linear in longitude and latitude, or any other, on a grid.
func field(on grid: GridGeometry, _ value: (Double, Double) -> Double) -> [Float] {
  let (longitudes, latitudes) = grid.centres()
  return zip(longitudes, latitudes).map { Float(value($0, $1)) }
}

@Suite struct PointRegriddingTests {
  static let specs = ["r36x18", "global_7.5", "n16", "20:100:4,-60:70:3", "170:-150:2.5,80:-80:2"]

  @Test(arguments: specs, RegridMethod.allCases)
  func constantsStay(_ spec: String, _ method: RegridMethod) throws {
    let source = try HorizontalGrid(spec: spec)
    let target = try HorizontalGrid(spec: "r40x31")
    let regridder = try Regridder(
      from: source, to: target, method: method,
      options: RegridOptions(extrapolation: .nearest))
    let result = try regridder.apply([Float](repeating: 3.25, count: source.width * source.height))
    #expect(result.allSatisfy { abs($0 - 3.25) < 1e-6 })
  }

  @Test func bilinearIsExactForLinearFields() throws {
    let source = try HorizontalGrid(spec: "10:50:4,60:-20:5").geometry()
    let target = try HorizontalGrid(spec: "10:50:1.3,-20:60:0.7").geometry()
    let linear = { (lon: Double, lat: Double) in 2 * lon - 3 * lat + lon * lat / 10 }
    let regridder = try Regridder(from: source, to: target, method: .bilinear)
    #expect(regridder.unmappedCount == 0)
    let result = try regridder.apply(field(on: source, linear))
    for (found, wanted) in zip(result, field(on: target, linear)) {
      #expect(abs(found - wanted) < 1e-4)
    }
  }

  @Test(arguments: ["10:50:4,60:-20:5", "50:10:-4,-20:60:5"])
  func bicubicIsExactForQuadraticFields(_ spec: String) throws {
    let source = try HorizontalGrid(spec: spec).geometry()
    // Away from the edges, where gradients are one-sided.
    let target = try HorizontalGrid(spec: "15:45:1.3,-10:50:0.7").geometry()
    let square = { (lon: Double, lat: Double) in (lon * lon - lat * lon) / 100 + lat * lat / 50 }
    let result = try Regridder(from: source, to: target, method: .bicubic)
      .apply(field(on: source, square))
    for (found, wanted) in zip(result, field(on: target, square)) {
      #expect(abs(found - wanted) < 1e-4)
    }
  }

  @Test func seamsAreCrossedWhereverLongitudesBegin() throws {
    let wave = { (lon: Double, lat: Double) in cos((lon - 7) * .pi / 180) }
    let target = try HorizontalGrid(spec: "-200:200:3,-80:80:40").geometry()
    for spec in ["r360x180", "global_1"] {
      let source = try HorizontalGrid(spec: spec).geometry()
      #expect(source.isCyclic)
      let result = try Regridder(from: source, to: target, method: .bilinear)
        .apply(field(on: source, wave))
      for (found, wanted) in zip(result, field(on: target, wave)) {
        #expect(abs(found - wanted) < 1e-4)
      }
    }
  }

  @Test func polesTakeTheMeanOfTheLastRow() throws {
    let source = try HorizontalGrid(spec: "r36x18").geometry()
    let target = try HorizontalGrid(spec: "r36x19").geometry()
    let values = field(on: source) { lon, lat in lat > 80 ? lon : 0 }
    let mean = try Regridder(from: source, to: target, method: .bilinear).apply(values)
    #expect(mean.suffix(36).allSatisfy { abs($0 - 175) < 1e-4 })
    let none = try Regridder(
      from: source, to: target, method: .bilinear, options: RegridOptions(pole: .none))
    #expect(none.unmappedCount == 72)
  }

  @Test func nearestAgreesWithASearchThroughAllCells() throws {
    let source = try HorizontalGrid(spec: "r24x13").geometry()
    let target = try HorizontalGrid(spec: "-180:179:7.3,-89:89:5.9").geometry()
    let values = (0..<source.count).map(Float.init)
    let found = try Regridder(from: source, to: target, method: .nearest).apply(values)
    let distance = { (a: (Double, Double), b: (Double, Double)) -> Double in
      let r = Double.pi / 180
      return sin(a.1 * r) * sin(b.1 * r) + cos(a.1 * r) * cos(b.1 * r) * cos((a.0 - b.0) * r)
    }
    let places = zip(source.centres().longitudes, source.centres().latitudes).map { ($0, $1) }
    for (index, place) in zip(target.centres().longitudes, target.centres().latitudes).enumerated()
    {
      let best = places.map { distance($0, (place.0, place.1)) }.max() ?? 0
      let ours = distance(places[Int(found[index])], (place.0, place.1))
      #expect(ours >= best - 1e-12)
    }
  }

  @Test func missingValuesAreLeftOutAsAsked() throws {
    let source = try HorizontalGrid(spec: "0:10:1,0:10:1").geometry()
    let target = try HorizontalGrid(spec: "4.25:4.25:1,5.5:5.5:1").geometry()
    var values = field(on: source) { lon, _ in lon }
    values[5 * 11 + 5] = .nan
    let strict = try Regridder(from: source, to: target, method: .bilinear).apply(values)
    #expect(strict[0].isNaN)
    let lenient = try Regridder(
      from: source, to: target, method: .bilinear, options: RegridOptions(minimumValidFraction: 0.5)
    ).apply(values)
    // Weights 0.375, 0.375 at 4 and 0.125 at 5.
    #expect(abs(lenient[0] - (0.75 * 4 + 0.125 * 5) / 0.875) < 1e-6)
    let mask = values.map { !$0.isNaN }
    let masked = try Regridder(
      from: source, to: target, method: .bilinear,
      options: RegridOptions(minimumValidFraction: 0.5, sourceMask: mask)
    ).apply(field(on: source) { lon, _ in lon })
    #expect(masked == lenient)
  }

  @Test func sameGridGivesTheSameValuesMissingOnesToo() throws {
    let grid = try HorizontalGrid(spec: "r36x18").geometry()
    var generator = SeededGenerator(seed: 5)
    var values = generator.floats(grid.count)
    for index in stride(from: 0, to: grid.count, by: 7) { values[index] = .nan }
    for method in [RegridMethod.nearest, .bilinear, .bicubic, .conservative] {
      let result = try Regridder(from: grid, to: grid, method: method).apply(values)
      #expect(zip(result, values).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
    }
  }

  @Test func extrapolationTakesTheNearestValidCellOfEachLayer() throws {
    let source = try HorizontalGrid(spec: "0:10:1,0:10:1").geometry()
    let target = try HorizontalGrid(spec: "20:20:1,5:5:1").geometry()
    var layers = field(on: source) { lon, _ in lon }
    layers += layers
    for row in 0...10 { layers[121 + row * 11 + 10] = .nan }
    let none = try Regridder(from: source, to: target, method: .bilinear)
    #expect(none.unmappedCount == 1)
    #expect(try none.apply(layers).allSatisfy(\.isNaN))
    let filled = try Regridder(
      from: source, to: target, method: .bilinear, options: RegridOptions(extrapolation: .nearest))
    #expect(try filled.apply(layers) == [10, 9])
  }

  @Test func resultsDoNotDependOnThreads() throws {
    let source = try HorizontalGrid(spec: "r90x45").geometry()
    let target = try HorizontalGrid(spec: "global_1.5").geometry()
    var generator = SeededGenerator(seed: 6)
    let values = generator.floats(3 * source.count)
    let results = try [1, 2, 5].map { threads in
      try Regridder(
        from: source, to: target, method: .bilinear, options: RegridOptions(threads: threads)
      ).apply(values)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test(arguments: [
    "", "r0x5", "r10", "global_", "global_-1", "1:2,3:4", "n0", "lon=3", "r9999999x99999999",
  ])
  func nonsenseIsNoGrid(_ spec: String) {
    #expect(throws: GridError.self) { try HorizontalGrid(spec: spec) }
  }

  @Test func wrongSizesAreRefused() throws {
    let grid = try HorizontalGrid(spec: "r36x18")
    let regridder = try Regridder(from: grid, to: grid, method: .nearest)
    #expect(throws: GridError.self) { try regridder.apply([1, 2, 3]) }
    #expect(throws: GridError.self) {
      try Regridder(
        from: grid, to: grid, method: .nearest, options: RegridOptions(sourceMask: [true]))
    }
  }
}
