// Tests of Grids: conservative regridding keeps areas, integrals and constants between all shapes.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

/// A grid turned about another pole: its cells are bounded by great circles and cover the globe.
func rotatedGrid(columns: Int, rows: Int, poleLatitude: Double = 40) -> HorizontalGrid {
  let (width, height) = (360 / Double(columns), 180 / Double(rows))
  let longitudes: [Double] = (0..<columns).map { width * (Double($0) + 0.5) }
  let edges: [Double] = (0...rows).map { -90 + height * Double($0) }
  let latitudes: [Double] = (0..<rows).map { edges[$0] + height / 2 }
  let bounds: [Double] = (0..<rows).flatMap { [edges[$0], edges[$0 + 1]] }
  let mapping: NetCDFAttributes = [
    "grid_mapping_name": "rotated_latitude_longitude",
    "grid_north_pole_latitude": .double([poleLatitude]),
    "grid_north_pole_longitude": .double([-170]),
  ]
  return HorizontalGrid(
    kind: .geographic,
    x: HorizontalAxis(name: "rlon", values: longitudes, units: "degrees", attributes: [:]),
    y: HorizontalAxis(
      name: "rlat", values: latitudes, units: "degrees", bounds: bounds, attributes: [:]),
    mapping: GridMapping(name: "rotated_pole", attributes: mapping))
}

@Suite struct ConservativeTests {
  static func grids() throws -> [(name: String, geometry: GridGeometry)] {
    [
      ("regular", try HorizontalGrid(spec: "r36x18").geometry()),
      (
        "shifted, from the north",
        try HorizontalGrid(
          longitudes: (0..<40).map { -177.3 + 9 * Double($0) },
          latitudes: (0..<20).map { 85.5 - 9 * Double($0) }
        ).geometry()
      ),
      ("Gaussian", try HorizontalGrid(spec: "n12").geometry()),
      ("rotated", try rotatedGrid(columns: 30, rows: 14).geometry()),
      ("rotated otherwise", try rotatedGrid(columns: 24, rows: 16, poleLatitude: -12).geometry()),
    ]
  }

  @Test func areasCoverTheSphere() throws {
    for (name, geometry) in try Self.grids() {
      let whole = geometry.areas(radius: 1).reduce(0, +)
      #expect(abs(whole / (4 * .pi) - 1) < 1e-12, "\(name)")
    }
  }

  @Test(arguments: [RegridMethod.conservative, .conservative2])
  func integralsAndConstantsAreKept(_ method: RegridMethod) throws {
    var generator = SeededGenerator(seed: 11)
    for (from, source) in try Self.grids() {
      for (to, target) in try Self.grids() {
        let regridder = try Regridder(from: source, to: target, method: method)
        #expect(regridder.unmappedCount == 0, "\(from) to \(to)")
        // The area that each source cell gives away is its own.
        let weights = regridder.weights
        let (sourceAreas, targetAreas) = (source.areas(radius: 1), target.areas(radius: 1))
        var given = [Double](repeating: 0, count: source.count)
        for row in 0..<weights.targetCount {
          for link in weights.starts[row]..<weights.starts[row + 1] {
            given[Int(weights.cells[link])] +=
              weights.values[link * weights.terms] * targetAreas[row]
          }
        }
        for (given, area) in zip(given, sourceAreas) {
          #expect(abs(given / area - 1) < 1e-9, "\(from) to \(to)")
        }
        let values = generator.floats(source.count)
        let result = try regridder.apply(values + [Float](repeating: 7, count: source.count))
        let before = zip(values, sourceAreas).reduce(0) { $0 + Double($1.0) * $1.1 }
        let after = zip(result, targetAreas).reduce(0) { $0 + Double($1.0) * $1.1 }
        #expect(abs(before - after) < 1e-6, "\(from) to \(to)")
        #expect(result.suffix(target.count).allSatisfy { abs($0 - 7) < 1e-5 })
      }
    }
  }

  @Test func secondOrderFollowsGradients() throws {
    let smooth = { (lon: Double, lat: Double) in
      sin(lat * .pi / 180) + cos(lat * .pi / 180) * cos(lon * .pi / 180)
    }
    for source in [
      try HorizontalGrid(spec: "r72x36").geometry(),
      try rotatedGrid(columns: 72, rows: 36).geometry(),
    ] {
      let target = try HorizontalGrid(spec: "global_1.25").geometry()
      let truth = field(on: target, smooth)
      let errors = try [RegridMethod.conservative, .conservative2].map { method in
        let found = try Regridder(from: source, to: target, method: method)
          .apply(field(on: source, smooth))
        return zip(found, truth).reduce(0.0) { $0 + Double(abs($1.0 - $1.1)) }
      }
      #expect(errors[1] < 0.15 * errors[0])
    }
  }

  @Test func missingCellsAreLeftOutOfTheMean() throws {
    let source = try HorizontalGrid(spec: "0.5:3.5:1,0.5:0.5:1").geometry()
    let target = try HorizontalGrid(spec: "1:3:2,0.5:0.5:1").geometry()
    let values: [Float] = [1, .nan, .nan, .nan]
    let plain = try Regridder(from: source, to: target, method: .conservative).apply(values)
    #expect(plain[0] == 1 && plain[1].isNaN)
    let strict = try Regridder(
      from: source, to: target, method: .conservative,
      options: RegridOptions(minimumValidFraction: 0.75)
    ).apply(values)
    #expect(strict[0].isNaN)
    let flux = try Regridder(
      from: source, to: target, method: .conservative,
      options: RegridOptions(normalisation: .destination)
    ).apply(values)
    #expect(abs(flux[0] - 0.5) < 1e-3 && flux[1].isNaN)
    let masked = try Regridder(
      from: source, to: target, method: .conservative,
      options: RegridOptions(sourceMask: [true, false, false, false]))
    #expect(masked.unmappedCount == 1)
    #expect(try masked.apply([1, 5, 5, 5])[0] == 1)
  }

  @Test func cornersOfTheFileAreUsedInAnyOrder() throws {
    // One cell of 2° around (1, 1), its corners once in order and once crossed over.
    for order in [[0, 1, 2, 3], [0, 2, 1, 3], [3, 2, 1, 0]] {
      let lon = [0.0, 2, 2, 0]
      let lat = [0.0, 0, 2, 2]
      let auxiliary = { (name: String, value: Double, corners: [Double]) in
        AuxiliaryCoordinate(
          name: name, attributes: ["units": "degrees"], values: .double([value]),
          bounds: order.map { corners[$0] })
      }
      let index = HorizontalAxis(name: "i", values: [0], units: "", attributes: [:])
      let grid = HorizontalGrid(
        kind: .curvilinear, x: index, y: index, latitude: auxiliary("lat", 1, lat),
        longitude: auxiliary("lon", 1, lon))
      let area = try grid.geometry().areas(radius: 1)[0]
      let box = 2 * .pi / 180 * sin(2 * Double.pi / 180)
      #expect(abs(area / box - 1) < 1e-3)
    }
  }

  @Test func resultsDoNotDependOnThreads() throws {
    let source = try rotatedGrid(columns: 90, rows: 60).geometry()
    let target = try HorizontalGrid(spec: "r120x60").geometry()
    let weights = try [1, 2, 7].map {
      try Regridder(
        from: source, to: target, method: .conservative2, options: RegridOptions(threads: $0)
      ).weights
    }
    #expect(weights[0] == weights[1] && weights[0] == weights[2])
  }
}
