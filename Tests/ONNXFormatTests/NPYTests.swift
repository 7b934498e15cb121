// Tests: ONNXFormat. NumPy's files: both byte orders, both element orders, and bad ones.

import Foundation
import ONNXFormat
import Testing

@Suite struct NPYTests {
  private static func file(
    _ header: String, _ values: [UInt8], major: UInt8 = 1, length: Int? = nil
  ) -> [UInt8] {
    let count = length ?? header.utf8.count
    let size = (0..<(major == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    return [0x93] + Array("NUMPY".utf8) + [major, 0] + size + Array(header.utf8) + values
  }

  private static func header(_ type: String, _ fortran: Bool, _ shape: String) -> String {
    "{'descr': '\(type)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }\n"
  }

  @Test(arguments: [1, 2, 3] as [UInt8])
  func formatsAreRead(major: UInt8) throws {
    let array = try NPYArray(
      fileBytes: Self.file(Self.header("<i2", false, "(2, 1)"), [1, 2, 3, 4], major: major))
    #expect(array.elementType == .int16)
    #expect(array.shape == [2, 1])
    #expect(array.bytes.withBytes { Array($0) } == [1, 2, 3, 4])
  }

  // What NumPy makes of the same files: ascontiguousarray(load(file).astype(little-endian)).
  @Test(
    arguments: [
      (">i2", false, "(3,)", [1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5]),
      ("|u1", true, "(2, 3)", [0, 3, 1, 4, 2, 5], [0, 1, 2, 3, 4, 5]),
      ("<u2", true, "(2, 2)", [0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 4, 5, 2, 3, 6, 7]),
      (">u2", true, "(2, 2)", [0, 1, 2, 3, 4, 5, 6, 7], [1, 0, 5, 4, 3, 2, 7, 6]),
      ("|u1", true, "(2, 1, 3)", [0, 3, 1, 4, 2, 5], [0, 1, 2, 3, 4, 5]),
      (">c8", false, "()", [1, 2, 3, 4, 5, 6, 7, 8], [4, 3, 2, 1, 8, 7, 6, 5]),
      ("|b1", false, "(2,)", [0, 1], [0, 1]),
      (">f8", true, "(0, 5)", [], []),
      ("=f2", false, "(1L,)", [0, 0x3C], [0, 0x3C]),
    ] as [(String, Bool, String, [UInt8], [UInt8])])
  func valuesAreTurnedToLittleEndianAndCOrder(
    type: String, fortran: Bool, shape: String, stored: [UInt8], bytes: [UInt8]
  ) throws {
    let array = try NPYArray(fileBytes: Self.file(Self.header(type, fortran, shape), stored))
    #expect(array.bytes.withBytes { Array($0) } == bytes)
  }

  @Test(arguments: [
    ONNXElementType.bool, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64,
    .float16, .float32, .float64, .complex64, .complex128,
  ])
  func writtenAndReadAgainIsTheSame(type: ONNXElementType) throws {
    let folder = try TemporaryFolder()
    for shape in [[], [3], [2, 3], [0, 4], [1, 2, 3]] {
      let count = shape.reduce(1, *) * type.bitWidth / 8
      let values = (0..<count).map { UInt8(type == .bool ? $0 % 2 : $0) }
      let tensor = try ONNXTensor(elementType: type, dims: shape, copying: values)
      let url = folder.url.appending(path: "x.npy")
      try NPYArray(tensor).write(to: url)
      let again = try NPYArray(contentsOf: url)
      #expect(again.elementType == type)
      #expect(again.shape == shape)
      #expect(again.bytes.withBytes { Array($0) } == values)
      #expect(again.bytes.range.lowerBound % 64 == 0)
      #expect(try again.tensor(named: "x").dims == shape)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["x.npy"])
  }

  @Test(arguments: [
    BadFile("not npy", Array("hello, world".utf8), .malformed, "numpy.save"),
    BadFile("empty", [], .malformed, "numpy.save"),
    BadFile("format 9", file(header("<f4", false, "()"), [], major: 9), .unsupported, "format 9"),
    BadFile("cut header", file("{'descr'", [], length: 100), .truncated, "inside its header"),
    BadFile(
      "huge header", file("{}", [], major: 2, length: 1 << 30), .malformed, "1073741824 bytes"),
    BadFile("no keys", file("{}", []), .malformed, "no type"),
    BadFile("half a dictionary", file("{'descr': '<f4'", []), .malformed, "no '}'"),
    BadFile("open quote", file("{'descr: ", []), .malformed, "without an end"),
    BadFile("code", file("{'descr': __import__('os')}", []), .malformed, "quoted text"),
    BadFile("other key", file("{'colour': 'red'}", []), .malformed, "unknown key 'colour'"),
    BadFile("records", file("{'descr': [('a', '<f4')]}", []), .unsupported, "records"),
    BadFile("text", file(header("<U4", false, "()"), []), .unsupported, "'<U4'"),
    BadFile("objects", file(header("|O", false, "()"), []), .unsupported, "'|O'"),
    BadFile("no order", file(header("f4", false, "()"), []), .unsupported, "'f4'"),
    BadFile("negative", file(header("<f4", false, "(-1,)"), []), .malformed, "not a number"),
    BadFile(
      "overflow", file(header("<f4", false, "(4611686018427387904, 4)"), []), .invalidTensor,
      "any memory"),
    BadFile("too short", file(header("<f4", false, "(2,)"), [0, 0]), .truncated, "needs 8"),
    BadFile("too long", file(header("<i1", false, "(1,)"), [0, 0]), .malformed, "needs 1"),
    BadFile("truth", file(header("|b1", false, "(1,)"), [3]), .malformed, "truth values"),
    BadFile(
      "after the end", file(header("<f4", false, "()") + "}", []), .malformed, "after its end"),
  ])
  func errorSaysWhatIsWrong(file: BadFile) {
    do {
      _ = try NPYArray(fileBytes: file.bytes)
      Issue.record("\(file.name) was read")
    } catch {
      #expect(error.code == file.code, "\(error.code.name): \(error)")
      #expect(error.description.contains(file.says), "\(error)")
      expectOneLine(error)
    }
  }

  @Test func damagedAtRandomNeverCrashes() {
    let seed = UInt64.random(in: .min ... .max)
    var random = SplitMix(state: seed)
    let whole = Self.file(Self.header("<f4", true, "(2, 1)"), [1, 2, 3, 4, 5, 6, 7, 8])
    for length in whole.indices {
      #expect(throws: ONNXError.self) { try NPYArray(fileBytes: Array(whole[..<length])) }
    }
    for _ in 0..<20_000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: bytes.indices, using: &random)
        bytes[place] = UInt8.random(in: .min ... .max, using: &random)
      }
      do {
        let array = try NPYArray(fileBytes: bytes)
        #expect(array.bytes.count == array.elementType.byteCount(of: array.shape.reduce(1, *)))
      } catch {
        expectOneLine(error, "seed \(seed)")
      }
    }
  }

  @Test func whatNumPyCannotHoldIsRefused() throws {
    let tensor = try ONNXTensor(elementType: .bfloat16, dims: [1], copying: [0, 0])
    #expect(throws: ONNXError.self) { try NPYArray(tensor) }
    let text = try ONNXTensor(dims: [1], strings: ["a"])
    #expect(throws: ONNXError.self) { try NPYArray(text) }
  }

  @Test func aFileThatCannotBeWrittenIsSaidSo() throws {
    let folder = try TemporaryFolder()
    let array = try NPYArray(
      try ONNXTensor(elementType: .float32, dims: [1], copying: [0, 0, 0, 0]))
    for path in ["missing/x.npy", "."] {
      do {
        try array.write(to: folder.url.appending(path: path))
        Issue.record("\(path) was written")
      } catch {
        #expect(error.code == .fileNotCreated)
        expectOneLine(error)
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }
}
