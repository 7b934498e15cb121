// Tests of GridFiles: NetCDF-4 files written and read back, and outputs that appear whole or not at all.

import Foundation
import GridFiles
import TestSupport
import Testing

struct WriterTests {
  static let everyType: [NetCDFValues] = [
    .int8([-128, 127]), .uint8([0, 255]), .int16([-32768, 32767]), .uint16([0, 65535]),
    .int32([.min, .max]), .uint32([0, .max]), .int64([.min, .max]), .uint64([0, .max]),
    .float([-1.5, 3.25]), .double([.pi, -0.1]), .strings(["", "Grüße, 雨"]),
  ]

  @Test(arguments: everyType)
  func roundTrip(_ values: NetCDFValues) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("types.nc")
    let writer = try NetCDFWriter(path: path)
    let two = try writer.addDimension("two", length: 2)
    let variable = try writer.addVariable(
      "v", values.type, [two], attributes: NetCDFAttributes().adding("same", values))
    try writer.setAttributes(["title": "Schöner Titel", "list": .strings(["a", "b"])])
    try writer.endDefinitions()
    try writer.write(values, to: variable, start: [0], count: [2])
    try writer.commit()

    let file = try NetCDFFile(path: path)
    let stored = try #require(file.variable("v"))
    #expect(stored.type == values.type)
    #expect(stored.attributes["same"] == values)
    #expect(try file.values(of: stored) == values)
    #expect(file.attributes.text("title") == "Schöner Titel")
    #expect(file.attributes["list"] == .strings(["a", "b"]))
    #expect(file.format == .netCDF4)
  }

  @Test func chunksCompressionAndUnlimitedTime() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a b#c%20.nc")
    let writer = try NetCDFWriter(path: path)
    let time = try writer.addDimension("time", length: nil)
    let x = try writer.addDimension("x", length: 1000)
    let storage = NetCDFStorage(chunkShape: [1, 500], deflateLevel: 2, isShuffled: true)
    let variable = try writer.addVariable("v", .float, [time, x], storage: storage)
    try writer.endDefinitions()
    for step in 0..<3 {
      try writer.write(
        .float([Float](repeating: Float(step), count: 1000)), to: variable, start: [step, 0],
        count: [1, 1000])
      try writer.sync()
    }
    try writer.commit()
    let file = try NetCDFFile(path: path)
    let stored = try #require(file.variable("v"))
    #expect(stored.shape == [3, 1000] && stored.dimensions[0].isUnlimited)
    #expect(stored.storage == storage)
    #expect(try file.floats(of: stored, start: [2, 999], count: [1, 1]) == [2])
  }

  @Test func refusesValuesThatDoNotFit() throws {
    let folder = try TemporaryFolder()
    let writer = try NetCDFWriter(path: folder.path("a.nc"))
    let x = try writer.addDimension("x", length: 4)
    let variable = try writer.addVariable("v", .float, [x])
    try writer.endDefinitions()
    for (values, start, count) in [
      (NetCDFValues.double([1, 2]), [0], [2]), (.float([1, 2]), [0], [4]),
      (.float([1, 2]), [3], [2]), (.float([1]), [], []), (.float([1]), [-1], [1]),
    ] {
      let error = #expect(throws: GridFileError.self) {
        try writer.write(values, to: variable, start: start, count: count)
      }
      #expect(error?.code == .outOfBounds)
    }
  }

  @Test func unfinishedOutputLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array("old".utf8), "out.nc")
    do {
      let writer = try NetCDFWriter(path: path)
      _ = try writer.addDimension("x", length: 4)
      let hidden = try folder.contents().filter { $0.hasPrefix(".out.nc.") }
      #expect(hidden.count == 1)
      #expect(TemporaryFiles.all.contains { $0.hasSuffix(hidden[0]) })
    }
    #expect(try folder.contents() == ["out.nc"])
    #expect(try Data(contentsOf: URL(filePath: path)) == Data("old".utf8))
    #expect(!TemporaryFiles.all.contains { $0.hasPrefix(folder.url.path) })
  }

  @Test func linksAreFollowed() throws {
    let folder = try TemporaryFolder()
    let target = try folder.write(Array("old".utf8), "real.nc")
    let link = folder.path("link.nc")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
    try NetCDFWriter(path: link).commit()
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
    _ = try NetCDFFile(path: target)
  }

  @Test func placesThatCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write([1, 2, 3], "file")
    let unwritable = [
      folder.path("missing/out.nc"), file + "/out.nc", folder.url.path, "/proc/out.nc",
      "/dev/null", "", folder.path("out.nc/"),
      folder.path(String(repeating: "x", count: 300) + "/out.nc"),
    ]
    for path in unwritable {
      let error = #expect(throws: GridFileError.self) { try NetCDFWriter(path: path) }
      #expect(error?.code == .cannotCreate, "\(path): \(error.map(\.description) ?? "no error")")
      #expect(error?.code.exitStatus == 73)
    }
    #expect(try folder.contents() == ["file"])
  }
}
