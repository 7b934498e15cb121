// Tests of Grids: formats, compression, chunks, bounds and metadata of what is written.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

extension CFTime {
  /// 2024-01-03T00:00:00Z.
  static var epoch2024: CFTime {
    guard let time = CFTime(year: 2024, month: 1, day: 3) else { fatalError("no such time") }
    return time
  }
}

struct StorageTests {
  static let reference = CFTime.epoch2024

  static func description(_ storage: FileStorage = FileStorage()) -> FieldFileDescription {
    let axis = { (name: String, units: String, values: [Double]) in
      HorizontalAxis(name: name, values: values, units: units, attributes: ["units": .text(units)])
    }
    return FieldFileDescription(
      grid: HorizontalGrid(
        kind: .geographic,
        x: axis("lon", "degrees_east", (0..<36).map { Double($0) * 10 }),
        y: axis("lat", "degrees_north", (0..<19).map { -90 + Double($0) * 10 })),
      time: .times((0..<3).map { reference.advanced(by: .seconds(86400 * $0)) }),
      verticalAxes: [
        VerticalAxis(
          name: "depth", kind: .depth, values: [5, 50], units: "m", positive: .down,
          bounds: [0, 10, 10, 90])
      ],
      variables: [
        FieldVariable(
          name: "thetao", verticalAxis: "depth",
          attributes: [
            "standard_name": "sea_water_potential_temperature", "units": "degC",
            "_FillValue": .int16([-1]), "scale_factor": .double([0.01]),
          ]),
        FieldVariable(
          name: "mask", type: .uint8, isTimed: false,
          attributes: [
            "flag_values": .uint8([0, 1]), "flag_meanings": "land sea",
            "long_name": "land-sea mask",
          ]),
      ], storage: storage)
  }

  static func write(_ path: String, _ description: FieldFileDescription) throws {
    let writer = try FieldWriter(path: path, description: description)
    for time in 0..<3 {
      for level in 0..<2 {
        let values = (0..<(19 * 36)).map { $0 == 7 ? Float.nan : Float($0 * (time + 1) + level) }
        try writer.write(values, to: "thetao", at: ["time": time, "depth": level])
      }
    }
    try writer.write(.uint8((0..<(19 * 36)).map { UInt8($0 % 2) }), to: "mask")
    try writer.commit()
  }

  @Test(arguments: OutputFormat.allCases)
  func formats(_ format: OutputFormat) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("out.nc")
    try Self.write(path, Self.description(FileStorage(format: format)))
    let file = try NetCDFFile(path: path)
    let mask = try #require(file.variable("mask"))
    #expect(mask.type == (format.holds(.uint8) ? .uint8 : .int16))
    #expect(mask.attributes["flag_values"]?.type == mask.type)
    let variable = try #require(file.variable("thetao"))
    #expect(variable.shape == [3, 2, 19, 36] && variable.attributes["scale_factor"] == nil)
    #expect(variable.dimensions[0].isUnlimited)
    let values = try #require(Packing(variable).floats(try file.values(of: variable)))
    #expect(values[7].isNaN && values[8] == 8 && values.last == Float(683 * 3 + 1))
    #expect(variable.attributes.text("units_metadata") == "temperature: on_scale")
    // Cells meet, and end at the poles.
    let bounds = try file.doubles(of: try #require(file.variable("lat_bnds")))
    #expect(bounds.first == -90 && bounds.last == 90 && bounds[1] == bounds[2])
    #expect(try file.doubles(of: try #require(file.variable("depth_bnds"))) == [0, 10, 10, 90])
  }

  @Test func metadata() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("out.nc")
    var description = Self.description()
    description.metadata.inherit([
      "history": "2020-01-01: made", "license": "CC0", "title": "old title",
    ])
    description.metadata.action = "regrid"
    description.metadata.attributes = ["project": "mine"]
    try Self.write(path, description)
    let attributes = try NetCDFFile(path: path).attributes
    #expect(attributes.text("Conventions") == "CF-1.11, ACDD-1.3")
    #expect(
      attributes.text("history")?.split(separator: "\n").map(String.init) == [
        "2024-01-05T00:00:00Z: Squall \(SquallRelease.version): regrid", "2020-01-01: made",
      ])
    #expect(attributes.text("license") == "CC0" && attributes.text("project") == "mine")
    #expect(attributes.text("title") == "sea water potential temperature")
    #expect(attributes.text("creator_name") == "not stated")
    #expect(attributes.number("geospatial_lat_min") == -90)
    #expect(attributes.number("geospatial_vertical_max") == 50)
    #expect(attributes.text("geospatial_vertical_positive") == "down")
    #expect(attributes.text("time_coverage_duration") == "P2D")
    #expect(attributes.text("time_coverage_resolution") == "P1D")
    #expect(attributes.text("date_created") == "2024-01-05T00:00:00Z")
    description.metadata = .fromEnvironment([
      "SOURCE_DATE_EPOCH": "86400", "SQUALL_CREATOR_NAME": "Ada", "SQUALL_LICENSE": " ",
    ])
    try Self.write(path, description)
    let given = try NetCDFFile(path: path).attributes
    #expect(given.text("date_created") == "1970-01-02T00:00:00Z")
    #expect(given.text("creator_name") == "Ada" && given.text("license") == "not stated")
  }

  @Test func zstandard() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("out.nc")
    let storage = FileStorage(compression: .zstandard(3))
    if OutputFilter.hasZstandard {
      try Self.write(path, Self.description(storage))
      _ = try GridDataset(paths: [path])
    } else {
      let error = #expect(throws: GridError.self) {
        try Self.write(path, Self.description(storage))
      }
      #expect(error?.code == .file(.unsupported))
      #expect(error?.message.contains("HDF5_PLUGIN_PATH") == true)
      var other = storage
      other.fallsBackToDeflate = true
      try Self.write(path, Self.description(other))
      let variable = try #require(try NetCDFFile(path: path).variable("thetao"))
      #expect(variable.storage.deflateLevel == 1)
    }
    #expect(try folder.contents().count <= 1)
  }

  @Test(arguments: [
    (FileStorage.Chunks.maps, [1, 2, 19, 36]), (.timeSeries, [3, 2, 19, 36]),
    (.explicit(["time": 2, "depth": 1, "lat": 500]), [2, 1, 19, 36]),
  ])
  func chunks(choice: FileStorage.Chunks, expected: [Int]) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("out.nc")
    try Self.write(path, Self.description(FileStorage(chunks: choice)))
    let chunks = try #require(try NetCDFFile(path: path).variable("thetao")).storage.chunkShape
    // A map of few cells takes some times with it.
    #expect(choice == .maps ? chunks.dropFirst() == expected.dropFirst() : chunks == expected)
  }

  @Test func sameInputSameBytes() throws {
    let folder = try TemporaryFolder()
    let storage = FileStorage(precision: .significantDigits(3), hasChecksumFile: true)
    for name in ["a.nc", "b.nc"] {
      try Self.write(folder.path(name), Self.description(storage))
    }
    let bytes = try ["a.nc", "b.nc"].map { try Data(contentsOf: URL(filePath: folder.path($0))) }
    #expect(bytes[0] == bytes[1])
    let line = try String(contentsOfFile: folder.path("a.nc.sha256"), encoding: .utf8)
    let digest = try FileMetadata.Input(readingChecksumOf: folder.path("a.nc")).sha256
    #expect(line == "\(digest ?? "")  a.nc\n")
  }

  @Test func gapsAndMistakes() throws {
    let folder = try TemporaryFolder()
    let writer = try FieldWriter(path: folder.path("out.nc"), description: Self.description())
    let layer = [Float](repeating: 1, count: 19 * 36)
    for position in [["time": 3], ["time": 0, "depth": 2], ["time": 0, "level": 0], ["time": -1]] {
      let error = #expect(throws: GridError.self) {
        try writer.write(layer, to: "thetao", at: position)
      }
      #expect(error?.code == .misuse)
    }
    try writer.write(layer, to: "thetao", at: ["time": 0, "depth": 0])
    let error = #expect(throws: GridError.self) { try writer.commit() }
    #expect(error?.message.contains("NaN") == true)
    writer.abandon()
    #expect(try folder.contents() == [])
  }

  @Test func oceanBench() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("out.nc")
    var description = Self.description()
    description.time = .oceanBench(
      firstDays: [Self.reference, Self.reference.advanced(by: .seconds(7 * 86400))], leadDays: 3)
    description.variables.removeLast()
    let writer = try FieldWriter(path: path, description: description)
    for start in 0..<2 {
      for lead in 0..<3 {
        try writer.write(
          [Float](repeating: Float(10 * start + lead), count: 2 * 19 * 36), to: "thetao",
          at: ["first_day_datetime": start, "lead_day_index": lead])
      }
    }
    try writer.commit()
    let file = try NetCDFFile(path: path)
    let variable = try #require(file.variable("thetao"))
    #expect(
      variable.dimensions.map(\.name) == [
        "first_day_datetime", "lead_day_index", "depth", "lat", "lon",
      ])
    #expect(try file.floats(of: variable, start: [1, 2, 0, 0, 0], count: [1, 1, 1, 1, 1]) == [12])
    let leads = try #require(file.variable("lead_day_index"))
    #expect(try file.values(of: leads) == .int32([0, 1, 2]))
  }
}
