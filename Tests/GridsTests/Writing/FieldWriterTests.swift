// Tests of Grids: fields written and read back.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

struct FieldWriterTests {
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

  static func metadata(_ title: String, comment: String? = nil) -> FileMetadata {
    var metadata = FileMetadata()
    metadata.title = title
    metadata.institution = "Test"
    metadata.source = "synthetic"
    metadata.comment = comment
    return metadata
  }

  @Test func roundTrip() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("forecast.nc")
    let reference = try CFTime(iso8601: "2020-10-31T04:20Z")
    let writer = try FieldWriter(
      path: path,
      description: FieldFileDescription(
        grid: Self.grid, time: .forecast(from: reference, count: 3),
        coordinates: [.rainfallRateThreshold([1, 5])],
        variables: [
          .rainfallRate(), .probabilityOfRainfallRate(),
          .qualityFlag(flags: [(1, "outside_coverage"), (2, "input_missing")]),
        ],
        metadata: Self.metadata("Test nowcast")))
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
    #expect(dataset.attributes.text("Conventions") == "CF-1.11, ACDD-1.3")
  }

  /// Rows and columns without coordinates, placed by latitude and longitude of every cell.
  static func curvilinear() -> HorizontalGrid {
    let axis = { (name: String, count: Int) in
      HorizontalAxis(
        name: name, values: (0..<count).map(Double.init), units: "", attributes: [:])
    }
    let cells = (0..<30).map { ($0 / 6, $0 % 6) }
    return HorizontalGrid(
      kind: .curvilinear, x: axis("i", 6), y: axis("j", 5),
      latitude: AuxiliaryCoordinate(
        name: "lat", attributes: ["standard_name": "latitude", "units": "degrees_north"],
        values: .float(cells.map { 40 + 0.1 * Float($0.0) + 0.01 * Float($0.1) })),
      longitude: AuxiliaryCoordinate(
        name: "lon", attributes: ["standard_name": "longitude", "units": "degrees_east"],
        values: .float(cells.map { 5 + 0.1 * Float($0.1) - 0.01 * Float($0.0) })))
  }

  @Test func curvilinearGridsAndMembers() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("members.nc")
    let writer = try FieldWriter(
      path: path,
      description: FieldFileDescription(
        grid: Self.curvilinear(),
        time: .forecast(from: try CFTime(iso8601: "2020-10-31T04:20Z")),
        coordinates: [.realization(count: 2)],
        variables: [
          .rainfallRate(), .rainfallRate(name: "members", extraDimensions: ["realization"]),
        ],
        metadata: Self.metadata("Members", comment: " ")))
    for step in 1...2 {
      let rate = (0..<30).map { Float($0 * step) }
      try writer.append(
        leadTime: .seconds(300 * step), fields: ["rainfall_rate": rate, "members": rate + rate])
    }
    try writer.commit()
    let dataset = try GridDataset(paths: [path])
    #expect(dataset.attributes["comment"] == nil, "empty attributes are left out")
    let rate = try dataset.variable("rainfall_rate")
    let grid = try dataset.grid(of: rate)
    #expect(grid.kind == .curvilinear)
    #expect(grid.latitude?.values == Self.curvilinear().latitude?.values)
    let spacing = try #require(grid.spacingKilometres)
    #expect(abs(spacing.x - 8.58) < 0.05 && abs(spacing.y - 11.15) < 0.05)
    #expect(try dataset.frame(rate, at: 1).values[29] == 58)

    let members = try dataset.variable("members")
    #expect(members.dimensions.map(\.name) == ["realization", "time", "j", "i"])
    let refused = #expect(throws: GridError.self) { try dataset.frame(members, at: 0) }
    #expect(refused?.code == .layout && refused?.message.contains("'realization'") == true)
  }

  @Test func mistakesOfTheProgram() throws {
    let folder = try TemporaryFolder()
    let writer = try FieldWriter(
      path: folder.path("a.nc"),
      description: FieldFileDescription(
        grid: Self.grid,
        time: .forecast(from: try CFTime(iso8601: "2020-10-31T04:20Z"), count: 2),
        variables: [.rainfallRate()]))
    let rate = [Float](repeating: 1, count: 64 * 48)
    let attempts: [(Duration, [String: [Float]])] = [
      (.seconds(600), ["rainfall_rate": [1, 2]]), (.seconds(1200), ["rain": rate]),
      (.seconds(900), ["rainfall_rate": rate]), (.seconds(600), ["rainfall_rate": rate]),
    ]
    try writer.append(leadTime: .seconds(900), fields: ["rainfall_rate": rate])
    for (lead, fields) in attempts {
      let error = #expect(throws: GridError.self) {
        try writer.append(leadTime: lead, fields: fields)
      }
      #expect(error?.exitStatus == 70)
    }
    writer.abandon()
    #expect(throws: GridError.self) { try writer.commit() }
    #expect(try folder.contents() == [])
  }
}
