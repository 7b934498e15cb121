// Tests of Grids: where cells lie, how large they are, and what files do to coordinates.

import Foundation
import GridFiles
import Grids
import Testing

@Suite struct GridGeometryTests {
  private func latLon(_ longitudes: [Double], _ latitudes: [Double]) throws -> GridGeometry {
    try HorizontalGrid(longitudes: longitudes, latitudes: latitudes).geometry()
  }

  private func curvilinear(
    width: Int, height: Int, _ place: (Int, Int) -> (Double, Double)
  ) throws -> GridGeometry {
    let places = (0..<height).flatMap { row in (0..<width).map { place(row, $0) } }
    let index = { (name: String, count: Int) in
      HorizontalAxis(
        name: name, values: (0..<count).map(Double.init), units: "", attributes: [:])
    }
    return try HorizontalGrid(
      kind: .curvilinear, x: index("x", width), y: index("y", height),
      latitude: AuxiliaryCoordinate(
        name: "lat", attributes: ["units": "degrees_north"], values: .double(places.map(\.1))),
      longitude: AuxiliaryCoordinate(
        name: "lon", attributes: ["units": "degrees_east"], values: .double(places.map(\.0)))
    ).geometry()
  }

  @Test func globalGridsAreFoundCyclic() throws {
    #expect(try HorizontalGrid(spec: "r360x180").geometry().isCyclic)
    #expect(try HorizontalGrid(spec: "global_0.25").geometry().isCyclic)
    #expect(try latLon((0...36).map { 10 * Double($0) }, [-10, 0, 10]).isCyclic)
    #expect(try !latLon((0...34).map { 10 * Double($0) }, [-10, 0, 10]).isCyclic)
    #expect(try !latLon([0, 120], [0, 1]).isCyclic)
  }

  @Test func namedGridsAreAsCDOMakesThem() throws {
    let regular = try HorizontalGrid(spec: "r4x3")
    #expect(regular.x.values == [0, 90, 180, 270] && regular.y.values == [-90, 0, 90])
    let global = try HorizontalGrid(spec: "global_60")
    #expect(global.x.values == [-150, -90, -30, 30, 90, 150] && global.y.values == [-60, 0, 60])
    let gaussian = try HorizontalGrid(spec: "n80")
    #expect(gaussian.width == 320 && gaussian.height == 160)
    #expect(abs(gaussian.y.values[0] - 89.1415194265) < 1e-9)
    #expect(abs(gaussian.y.values[80] + gaussian.y.values[79]) < 1e-12)
    let box = try HorizontalGrid(spec: "170:-170:10,60:30:15")
    #expect(box.x.values == [170, 180, 190] && box.y.values == [60, 45, 30])
  }

  @Test func areasAreThoseOfTheSphere() throws {
    let grid = try HorizontalGrid(spec: "0:0:1,45:45:1").geometry()
    let radian = Double.pi / 180
    let exact = radian * (sin(45.5 * radian) - sin(44.5 * radian)) * pow(6_371_000.0, 2)
    #expect(abs(grid.areas()[0] / exact - 1) < 1e-12)
    for spec in ["r36x18", "r36x19", "global_7", "n32"] where spec != "global_7" {
      let sum = try HorizontalGrid(spec: spec).geometry().areas(radius: 1).reduce(0, +)
      #expect(abs(sum / (4 * .pi) - 1) < 1e-12, "\(spec)")
    }
  }

  @Test func twoDimensionalCoordinatesOfARegularGridAreRegular() throws {
    let grid = try curvilinear(width: 36, height: 18) { row, column in
      (
        Double(column * 10) > 180 ? Double(column * 10) - 360 : Double(column * 10),
        Double(row * 10) - 85
      )
    }
    #expect(grid.isRectilinear && grid.isCyclic)
  }

  @Test func cellsWithoutAPlaceAreNowhere() throws {
    // Land left out: zeros in a block, fill values, and NaN.
    let grid = try curvilinear(width: 12, height: 10) { row, column in
      if row < 3 && column < 3 { return (0, 0) }
      if row == 9 && column == 9 { return (1e20, 1e20) }
      if row == 9 && column == 0 { return (.nan, .nan) }
      return (100 + Double(column) + 0.1 * Double(row), 40 + Double(row) - 0.1 * Double(column))
    }
    let areas = grid.areas(radius: 1)
    #expect(areas[0] == 0 && areas[2 * 12 + 2] == 0 && areas[9 * 12 + 9] == 0 && areas[9 * 12] == 0)
    let cell = pow(Double.pi / 180, 2)
    for (index, area) in areas.enumerated() where area > 0 {
      #expect(area < cell && area > 0.5 * cell, "\(index)")
    }
    #expect(areas.count { $0 > 0 } == 120 - 11)
    // Nothing is taken from them.
    let target = try HorizontalGrid(spec: "0:359:1,-60:60:1").geometry()
    for method in RegridMethod.allCases {
      let result = try Regridder(from: grid, to: target, method: method).apply(
        grid.centres().longitudes.map { $0.isNaN ? 1000 : 1 })
      #expect(result.allSatisfy { $0.isNaN || abs($0 - 1) < 1e-5 }, "\(method)")
      #expect(result.count { !$0.isNaN } > 50)
    }
  }

  @Test func repeatedColumnsCountOnce() throws {
    // A tripolar grid in small: two columns of a halo, tilted so that it is not regular.
    let place = { (row: Int, column: Int) -> (Double, Double) in
      let i = Double((column + 35) % 36)
      return (i * 10 + 0.5 * Double(row), -40 + 10 * Double(row) + 0.01 * sin(i * .pi / 18))
    }
    let grid = try curvilinear(width: 38, height: 9, place)
    let target = try HorizontalGrid(spec: "r36x18").geometry()
    let flux = try Regridder(
      from: grid, to: target, method: .conservative,
      options: RegridOptions(normalisation: .destination)
    ).apply([Float](repeating: 1, count: grid.count))
    #expect(flux.allSatisfy { $0.isNaN || $0 <= 1.0001 })
    #expect(flux.count { abs($0 - 1) < 1e-3 } > 36 * 5)
  }

  @Test func nothingSaysWhere() {
    let index = HorizontalAxis(name: "x", values: [0, 1], units: "", attributes: [:])
    #expect(throws: GridError.self) {
      try HorizontalGrid(kind: .index, x: index, y: index).geometry()
    }
    let wild = HorizontalAxis(
      name: "lat", values: [0, 400], units: "degrees_north", attributes: [:])
    let lon = HorizontalAxis(name: "lon", values: [0, 1], units: "degrees_east", attributes: [:])
    #expect(throws: GridError.self) {
      try HorizontalGrid(kind: .geographic, x: lon, y: wild).geometry()
    }
  }
}
