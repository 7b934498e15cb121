// Tests of Grids: forecasts written and read back.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

struct ForecastWriterTests {
  static let grid = HorizontalGrid(
    kind: .projected,
    x: HorizontalAxis(
      name: "x", values: (0..<64).map { Double($0) * 500 }, units: "m",
      attributes: ["standard_name": "projection_x_coordinate", "units": "m"]),
    y: HorizontalAxis(
      name: "y", values: (0..<48).map { 10000 - Double($0) * 500 }, units: "m",
      attributes: ["standard_name": "projection_y_coordinate", "units": "m"]),
    mapping: GridMapping(
      name: "proj",
      attributes: [
        "grid_mapping_name": "albers_conical_equal_area",
        "standard_parallel": .double([-26.2, -29.3]),
        "longitude_of_central_meridian": .double([153.24]),
        "latitude_of_projection_origin": .double([-27.7]), "false_easting": .double([0]),
        "false_northing": .double([0]), "semi_major_axis": .double([6_378_137]),
        "semi_minor_axis": .double([6_356_752.3]),
      ], type: .int8))

  @Test func roundTrip() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("forecast.nc")
    let reference = try CFTime(iso8601: "2020-10-31T04:20Z")
    let writer = try ForecastWriter(
      path: path,
      description: ForecastDescription(
        grid: Self.grid, referenceTime: reference, leadTimeCount: 3,
        coordinates: [.rainfallRateThreshold([1, 5])],
        variables: [
          .rainfallRate(), .probabilityOfRainfallRate(),
          .qualityFlag(flags: [(1, "outside_coverage"), (2, "input_missing")]),
        ],
        attributes: ["title": "Test nowcast", "institution": "Test", "source": "synthetic"]))
    let cells = 64 * 48
    for step in 1...3 {
      var rate = (0..<cells).map { Float($0 % 97) * 0.013 * Float(step) }
      rate[5] = .nan
      try writer.append(
        leadTime: .seconds(600 * step),
        values: [
          "rainfall_rate": .float(rate),
          "probability_of_rainfall_rate_above_threshold": .float(
            [Float](repeating: 0.25, count: 2 * cells)),
          "quality_flag": .uint8([UInt8](repeating: 2, count: cells)),
        ])
      #expect(!FileManager.default.fileExists(atPath: path))
    }
    try writer.commit()
    #expect(try folder.contents() == ["forecast.nc"])

    let dataset = try GridDataset(paths: [path])
    let rain = try dataset.precipitationVariable()
    #expect(rain.variable.name == "rainfall_rate")
    let times = try dataset.times(of: rain.variable)
    #expect(times == (1...3).map { reference.advanced(by: .seconds(600 * $0)) })
    let field = try dataset.rainRate(rain, at: 1)
    #expect(field.values[5].isNaN && field.missingCount == 1)
    #expect(field.values[96] == Float((96 * 0.026 * 100).rounded() / 100))
    #expect(try dataset.grid(of: rain.variable).difference(from: Self.grid) == nil)
    #expect(try dataset.grid(of: rain.variable).mapping == Self.grid.mapping)
    #expect(dataset.attributes.text("Conventions") == "CF-1.11")
  }
}
