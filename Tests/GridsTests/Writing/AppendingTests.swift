// Tests of Grids: adding to files, going on after a crash, one file for each lead time.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

struct AppendingTests {
  static let cells = FieldWriterTests.grid.width * FieldWriterTests.grid.height
  static let reference = CFTime.epoch2024

  static func description(count: Int? = nil) -> FieldFileDescription {
    FieldFileDescription(
      grid: FieldWriterTests.grid, time: .forecast(from: reference, count: count),
      variables: [.rainfallRate()])
  }

  private func append(_ writer: FieldWriter, _ steps: ClosedRange<Int>) throws {
    for step in steps {
      let rate = [Float](repeating: Float(step), count: Self.cells)
      try writer.append(leadTime: .seconds(600 * step), fields: ["rainfall_rate": rate])
    }
  }

  @Test(arguments: [OutputFormat.netCDF4, .netCDF4Classic, .cdf5, .classic])
  func appends(_ format: OutputFormat) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("out.nc")
    var description = Self.description()
    description.storage.format = format
    let first = try FieldWriter(path: path, description: description)
    try append(first, 1...2)
    try first.commit()
    description.metadata.action = "added a time"
    let second = try FieldWriter(appendingTo: path, description: description)
    #expect(second.times == [600, 1200].map { Self.reference.advanced(by: .seconds($0)) })
    let busy = #expect(throws: GridError.self) {
      try FieldWriter(appendingTo: path, description: description)
    }
    #expect(busy?.exitStatus == 75)
    try append(second, 3...3)
    // Until then, readers see the old file.
    let before = try GridDataset(paths: [path])
    #expect(try before.times(of: before.variable("rainfall_rate")).count == 2)
    try second.commit()
    let after = try GridDataset(paths: [path])
    let rate = try after.variable("rainfall_rate")
    #expect(try after.times(of: rate).count == 3)
    #expect(try (0..<3).map { try after.frame(rate, at: $0).values[5] } == [1, 2, 3])
    #expect(after.attributes.text("time_coverage_end") == "2024-01-03T00:30:00Z")
    let history = after.attributes.text("history")?.split(separator: "\n").map(String.init) ?? []
    #expect(history.count == 2 && history[0].contains("added a time"))
    #expect(try folder.contents() == ["out.nc"])
  }

  @Test func refusesOtherData() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("out.nc")
    let writer = try FieldWriter(path: path, description: Self.description())
    try append(writer, 1...1)
    try writer.commit()
    var others: [(FieldFileDescription, String)] = []
    var other = Self.description()
    other.grid.x.values[3] += 1
    others.append((other, "axis 'x'"))
    other = Self.description()
    other.time = .forecast(from: Self.reference.advanced(by: .seconds(60)))
    others.append((other, "not from"))
    other = Self.description()
    other.variables[0].attributes["units"] = "m s-1"
    others.append((other, "units"))
    other = Self.description()
    other.variables[0].name = "other"
    others.append((other, "lacks the variable"))
    for (description, words) in others {
      let error = #expect(throws: GridError.self) {
        try FieldWriter(appendingTo: path, description: description)
      }
      #expect(error?.code == .mismatch && error?.message.contains(words) == true, "\(words)")
    }
    let missing = #expect(throws: GridError.self) {
      try FieldWriter(appendingTo: folder.path("none.nc"), description: Self.description())
    }
    #expect(missing?.exitStatus == 66)
    #expect(try folder.contents() == ["out.nc"])
  }

  @Test func resumesAfterACrash() throws {
    let folder = try TemporaryFolder()
    let description = Self.description(count: 4)
    let whole = try FieldWriter(path: folder.path("whole.nc"), description: description)
    try append(whole, 1...4)
    try whole.commit()

    let path = folder.path("out.nc")
    let first = try FieldWriter(resuming: path, description: description)
    try append(first, 1...2)
    let busy = #expect(throws: GridError.self) {
      try FieldWriter(resuming: path, description: description)
    }
    #expect(busy?.exitStatus == 75)
    first.abandon()
    // A crash in the middle of a record.
    let journal = try FileHandle(forWritingTo: URL(filePath: folder.path(".out.nc.journal")))
    try journal.seekToEnd()
    try journal.write(contentsOf: Data([0x53, 0x51, 0x55, 0x41, 1, 2, 3]))
    try journal.close()

    var other = description
    other.variables[0].attributes["units"] = "m s-1"
    let refused = #expect(throws: GridError.self) {
      try FieldWriter(resuming: path, description: other)
    }
    #expect(refused?.code == .mismatch && refused?.message.contains("rainfall_rate") == true)

    let second = try FieldWriter(resuming: path, description: description)
    #expect(second.times.count == 2)
    try append(second, 3...4)
    try second.commit()
    let bytes = try ["whole.nc", "out.nc"].map {
      try Data(contentsOf: URL(filePath: folder.path($0)))
    }
    #expect(bytes[0] == bytes[1])
    #expect(try folder.contents() == ["out.nc", "whole.nc"])
  }

  @Test func oneFileForEachLeadTime() throws {
    let folder = try TemporaryFolder()
    let template = try PathTemplate(folder.path("f_{reference_time:%Y%m%d}_{lead_time:03min}.nc"))
    let make = { (changed: Bool) throws in
      var description = Self.description()
      if changed { description.metadata.source = "another" }
      return try ForecastFiles(template, description: description, split: .perLeadTime)
    }
    let files = try make(false)
    #expect(try !files.isDone(leadTime: .seconds(600)))
    for step in 1...2 {
      try files.append(
        leadTime: .seconds(600 * step),
        values: ["rainfall_rate": .float([Float](repeating: Float(step), count: Self.cells))])
    }
    try files.commit()
    #expect(try folder.contents() == ["f_20240103_010.nc", "f_20240103_020.nc"])
    #expect(try make(false).isDone(leadTime: .seconds(1200)))
    #expect(try !make(true).isDone(leadTime: .seconds(1200)), "another forecast's file")
    #expect(try !make(false).isDone(leadTime: .seconds(1800)))
    let joined = try GridDataset(paths: files.outputs)
    #expect(try joined.times(of: try joined.variable("rainfall_rate")).count == 2)
    let error = #expect(throws: GridError.self) {
      try ForecastFiles(
        try PathTemplate("out.nc"), description: Self.description(), split: .perLeadTime)
    }
    #expect(error?.message.contains("{lead_time}") == true)
  }
}
