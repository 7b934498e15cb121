// Tests of GridFiles: folders in Zarr format 2, whole and damaged.

import Foundation
import GridFiles
import TestSupport
import Testing

struct ZarrTests {
  /// A store as xarray writes it: two groups, chunks that do not fit, one chunk that is not there.
  static func store(
    in folder: TemporaryFolder, name: String = "a.zarr", order: String = "C",
    compressor: String = "null", consolidated: Bool = false,
    encode: ([UInt8]) -> [UInt8] = { $0 }
  ) throws -> String {
    let root = folder.url.appending(path: name)
    func write(_ key: String, _ bytes: [UInt8]) throws {
      let url = root.appending(path: key)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: url)
    }
    func array(_ shape: String, _ chunks: String, _ dtype: String, _ fill: String) -> String {
      """
      {"chunks": \(chunks), "compressor": \(compressor), "dtype": "\(dtype)", "fill_value": \(fill),
       "filters": null, "order": "\(order)", "shape": \(shape), "zarr_format": 2}
      """
    }
    var descriptions = [
      ".zgroup": #"{"zarr_format": 2}"#, ".zattrs": #"{"title": "Gr\u00fc\u00dfe", "n": [1, 2]}"#,
      "v/.zarray": array("[3, 5]", "[2, 3]", "<i2", "-1"),
      "v/.zattrs": #"{"_ARRAY_DIMENSIONS": ["y", "x"], "scale_factor": 0.5, "bad": NaN}"#,
      "y/.zarray": array("[3]", "[3]", ">f8", "\"NaN\""),
      "y/.zattrs": #"{"_ARRAY_DIMENSIONS": ["y"], "units": "m"}"#,
      "g/.zgroup": #"{"zarr_format": 2}"#,
      "g/s/.zarray": array("[2]", "[2]", "|S3", "null"),
      "g/s/.zattrs": #"{"_ARRAY_DIMENSIONS": ["n"]}"#,
    ]
    if consolidated {
      let members = descriptions.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
      descriptions[".zmetadata"] =
        "{\"metadata\": {\(members)}, \"zarr_consolidated_format\": 1}"
    }
    for (key, text) in descriptions { try write(key, Array(text.utf8)) }
    // Chunks are whole, beyond the array's end too; rows 0-1, columns 0-2 and so on.
    func chunk(_ rows: Int, _ columns: Int) -> [UInt8] {
      var bytes: [UInt8] = []
      for place in 0..<6 {
        let (row, column) = order == "C" ? (place / 3, place % 3) : (place % 2, place / 2)
        let value = Int16((rows * 2 + row) * 10 + columns * 3 + column)
        bytes += withUnsafeBytes(of: value.littleEndian) { Array($0) }
      }
      return encode(bytes)
    }
    try write("v/0.0", chunk(0, 0))
    try write("v/0.1", chunk(0, 1))
    try write("v/1.0", chunk(1, 0))
    let ys = [1.5, 2.5, 3.5].flatMap { value in
      withUnsafeBytes(of: value.bitPattern.bigEndian) { Array($0) }
    }
    try write("y/0", encode(ys))
    try write("g/s/0", encode(Array("abcd\0\0".utf8)))
    return root.path(percentEncoded: false)
  }

  @Test(arguments: ["C", "F"], [false, true])
  func readsEverything(order: String, consolidated: Bool) throws {
    let folder = try TemporaryFolder()
    let path = try Self.store(in: folder, order: order, consolidated: consolidated)
    let file = try NetCDFFile(path: path)
    #expect(file.format == .zarr && file.attributes.text("title") == "Grüße")
    #expect(file.attributes["n"] == .int64([1, 2]))
    #expect(Set(file.variables.map(\.name)) == ["v", "y", "g/s"])
    let v = try #require(file.variable("v"))
    #expect(v.shape == [3, 5] && v.dimensions.map(\.name) == ["y", "x"])
    #expect(v.storage.chunkShape == [2, 3] && v.attributes["_FillValue"] == .int16([-1]))
    // The chunk of rows 2-3, columns 3-5 is not there.
    let stored: [Int16] = [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, -1, -1]
    #expect(try file.values(of: v) == .int16(stored))
    let floats = try file.floats(of: v, start: [1, 1], count: [2, 2], stride: [1, 3])
    #expect(floats[0] == 5.5 && floats[1] == 7 && floats[2] == 10.5 && floats[3].isNaN)
    #expect(try file.doubles(of: #require(file.variable("y"))) == [1.5, 2.5, 3.5])
    let s = try #require(file.variable("g/s"))
    #expect(s.type == .string && s.dimensions.map(\.name) == ["g/n"])
    #expect(try file.strings(of: s) == ["abc", "d"])
  }

  /// A frame that stores bytes as they are is a frame, and one that is cut off is damaged.
  @Test func framesOfCompressors() throws {
    let folder = try TemporaryFolder()
    let codecs: [(String, ([UInt8]) -> [UInt8])] = [
      (
        "blosc",
        { bytes in
          let size = withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { Array($0) }
          let total = withUnsafeBytes(of: UInt32(bytes.count + 16).littleEndian) { Array($0) }
          return [2, 1, 0x33, 2] + size + size + total + bytes
        }
      ),
      // One LZ4 run of literals behind the size.
      ("lz4", lz4Literals),
      // A stored deflate block with its checksum.
      ("zlib", zlibStored),
    ]
    for (id, encode) in codecs {
      let path = try Self.store(
        in: folder, name: "\(id).zarr", compressor: "{\"id\": \"\(id)\"}", encode: encode)
      let file = try NetCDFFile(path: path)
      let v = try #require(file.variable("v"))
      #expect(try file.values(of: v, start: [0, 0], count: [1, 5]) == .int16([0, 1, 2, 3, 4]))
      let chunk = URL(filePath: path).appending(path: "v/0.0")
      let bytes = try Data(contentsOf: chunk)
      for length in 0..<bytes.count {
        try bytes.prefix(length).write(to: chunk)
        let again = try NetCDFFile(path: path)
        let error = #expect(throws: GridFileError.self) {
          try again.values(of: #require(again.variable("v")))
        }
        #expect(error?.code == .corrupt, "\(id) cut at \(length)")
      }
    }
  }

  @Test(
    arguments: [
      ("v/.zarray", ""), ("v/.zarray", "{"), ("v/.zarray", "[]"), ("v/.zattrs", "{\"a\": }"),
      ("v/.zarray", #"{"zarr_format": 3}"#),
      ("v/.zarray", #"{"zarr_format":2,"shape":[3,5],"chunks":[2],"dtype":"<i2"}"#),
      ("v/.zarray", #"{"zarr_format":2,"shape":[3,5],"chunks":[0,3],"dtype":"<i2"}"#),
      ("v/.zarray", #"{"zarr_format":2,"shape":[-3,5],"chunks":[2,3],"dtype":"<i2"}"#),
      ("v/.zarray", #"{"zarr_format":2,"shape":[9e18,5],"chunks":[2,3],"dtype":"<i2"}"#),
      (
        "v/.zarray",
        #"{"zarr_format":2,"shape":[9000000000000000000,5],"chunks":[2,3],"dtype":"<i2"}"#
      ),
      ("v/.zarray", #"{"zarr_format":2,"shape":[3,5],"chunks":[2,3],"dtype":"<c16"}"#),
      (
        "v/.zarray",
        #"{"zarr_format":2,"shape":[3,5],"chunks":[2,3],"dtype":"<i2","compressor":{"id":"x"}}"#
      ),
      ("v/.zarray", #"{"zarr_format":2,"shape":[4,5],"chunks":[2,3],"dtype":"<i2"}"#),
      (
        "v/.zarray",
        #"{"zarr_format":2,"shape":[3,5],"chunks":[2147483647,2147483647],"dtype":"<i2"}"#
      ),
      (".zmetadata", #"{"metadata": {"../out/.zarray": {}}}"#),
      (".zmetadata", String(repeating: "[", count: 100_000)),
    ].map(DamagedDescription.init))
  fileprivate func refusesDamagedDescriptions(_ damage: DamagedDescription) throws {
    let folder = try TemporaryFolder()
    let path = try Self.store(in: folder)
    try Data(damage.text.utf8).write(to: URL(filePath: path).appending(path: damage.key))
    let error = #expect(throws: GridFileError.self) { try NetCDFFile(path: path) }
    #expect(error?.exitStatus == 65, "\(error.map(\.description) ?? "")")
  }

  @Test func foldersThatAreNoStores() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Array("{}".utf8), "zarr.json")
    let error = #expect(throws: GridFileError.self) { try NetCDFFile(path: folder.url.path) }
    #expect(error?.code == .unsupported && error?.message.contains("format 3") == true)
  }

  @Test(arguments: [UInt64](1...4))
  func survivesDamage(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: seed)
    for round in 0..<150 {
      let path = try Self.store(
        in: folder, name: "d.zarr", compressor: round % 2 == 0 ? "{\"id\": \"zlib\"}" : "null",
        encode: round % 2 == 0 ? zlibStored : { $0 })
      let keys = [".zattrs", "v/.zarray", "v/.zattrs", "v/0.0", "y/.zarray", "g/s/.zarray", "y/0"]
      let url = URL(filePath: path).appending(
        path: keys[Int.random(in: 0..<keys.count, using: &random)])
      var bytes = Array(try Data(contentsOf: url))
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(
          in: .min ... .max, using: &random)
      }
      try Data(bytes).write(to: url)
      do throws(GridFileError) {
        let file = try NetCDFFile(path: path)
        for variable in file.variables {
          guard (variable.count ?? .max) < 1 << 16 else { continue }
          _ = try? file.floats(of: variable)
          _ = try? file.strings(of: variable)
        }
      } catch {
        #expect(error.exitStatus == 65, "seed \(seed), round \(round): \(error)")
      }
    }
  }
}

/// A description that no store may have; its name in test logs is short however long the text is.
private struct DamagedDescription: Sendable, CustomTestStringConvertible {
  let key: String
  let text: String

  var testDescription: String {
    "\(key): " + (text.count > 120 ? "\(text.prefix(8))… (\(text.count) characters)" : text)
  }
}

/// `bytes` as zlib would store them uncompressed.
private func zlibStored(_ bytes: [UInt8]) -> [UInt8] {
  var (a, b) = (1, 0)
  for byte in bytes { (a, b) = ((a + Int(byte)) % 65521, (b + a + Int(byte)) % 65521) }
  let (low, high) = (UInt8(bytes.count & 255), UInt8(bytes.count >> 8))
  let sum = [UInt8(b >> 8), UInt8(b & 255), UInt8(a >> 8), UInt8(a & 255)]
  return [0x78, 0x01, 1, low, high, ~low, ~high] + bytes + sum
}

/// `bytes` as one LZ4 run of literals behind the size.
private func lz4Literals(_ bytes: [UInt8]) -> [UInt8] {
  bytes.count < 15
    ? [UInt8(bytes.count), 0, 0, 0, UInt8(bytes.count << 4)] + bytes
    : [UInt8(bytes.count), 0, 0, 0, 0xF0, UInt8(bytes.count - 15)] + bytes
}
