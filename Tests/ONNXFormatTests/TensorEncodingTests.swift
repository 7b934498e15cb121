// Tests: ONNXFormat. Every way a tensor's values may be written gives the same bytes.

import Foundation
import ONNXFormat
import Testing

/// A payload, and the little-endian bytes it stands for.
struct Encoding: CustomTestStringConvertible, Sendable {
  let type: ONNXElementType
  let dims: [Int]
  let payload: [UInt8]
  let bytes: [UInt8]
  let note: String

  init(
    _ type: ONNXElementType, _ dims: [Int], _ payload: [UInt8], _ bytes: [UInt8],
    _ note: String = ""
  ) {
    self.type = type
    self.dims = dims
    self.payload = payload
    self.bytes = bytes
    self.note = note
  }

  var testDescription: String { "\(type.onnxName)\(dims) \(note)" }

  var message: [UInt8] {
    dims.flatMap { Proto.int(1, $0) } + Proto.int(2, Int(type.rawValue)) + payload
  }
}

@Suite struct TensorEncodingTests {
  static let minusOne = Proto.varint(.max)

  // The quantised rows are those of onnx.numpy_helper for the values in their notes.
  static let encodings: [Encoding] = [
    Encoding(.float32, [2], Proto.bytes(9, Proto.floats([1, -2])), Proto.floats([1, -2]), "raw"),
    Encoding(
      .float32, [2], Proto.bytes(4, Proto.floats([1, -2])), Proto.floats([1, -2]), "packed"),
    Encoding(
      .float32, [2], [0x25] + Proto.floats([1]) + [0x25] + Proto.floats([-2]),
      Proto.floats([1, -2]), "one by one"),
    Encoding(
      .float32, [3], Proto.bytes(4, Proto.floats([1])) + Proto.bytes(4, Proto.floats([-2, 3])),
      Proto.floats([1, -2, 3]), "in two runs"),
    Encoding(.float32, [], Proto.bytes(4, Proto.floats([7])), Proto.floats([7]), "one value"),
    Encoding(.float32, [2, 0], [], [], "nothing"),
    Encoding(.float32, [0], Proto.bytes(9, []), [], "no bytes"),
    Encoding(.complex64, [1], Proto.bytes(4, Proto.floats([1, -2])), Proto.floats([1, -2])),
    Encoding(
      .float64, [1], Proto.bytes(10, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]),
      [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]),
    Encoding(
      .int64, [2], Proto.bytes(7, [5] + minusOne),
      [5, 0, 0, 0, 0, 0, 0, 0]
        + Array(
          repeating: 0xFF, count: 8), "packed"),
    Encoding(
      .int64, [2], Proto.int(7, 5) + Proto.int(7, 300),
      [5, 0, 0, 0, 0, 0, 0, 0, 44, 1, 0, 0, 0, 0, 0, 0], "one by one"),
    Encoding(.int32, [1], Proto.bytes(5, minusOne), [0xFF, 0xFF, 0xFF, 0xFF]),
    Encoding(.int16, [2], Proto.bytes(5, minusOne + Proto.varint(300)), [0xFF, 0xFF, 44, 1]),
    Encoding(.int8, [2], Proto.bytes(5, minusOne + [7]), [0xFF, 7]),
    Encoding(.uint8, [2], Proto.bytes(5, Proto.varint(200) + [7]), [200, 7]),
    Encoding(.uint16, [1], Proto.bytes(5, Proto.varint(65_535)), [0xFF, 0xFF]),
    Encoding(.bool, [3], Proto.bytes(5, [0, 1, 5]), [0, 1, 1]),
    Encoding(.float16, [1], Proto.bytes(5, Proto.varint(0x3C00)), [0x00, 0x3C], "1"),
    Encoding(.bfloat16, [1], Proto.bytes(5, Proto.varint(0x3F80)), [0x80, 0x3F], "1"),
    Encoding(.uint32, [1], Proto.bytes(11, Proto.varint(4_000_000_000)), [0x00, 0x28, 0x6B, 0xEE]),
    Encoding(.uint64, [1], Proto.bytes(11, minusOne), Array(repeating: 0xFF, count: 8)),
    Encoding(.float8e4m3fn, [3], Proto.bytes(5, [0, 48] + Proto.varint(237)), [0, 48, 237]),
    Encoding(
      .int4, [5], Proto.bytes(5, [16] + Proto.varint(199) + [8]), [16, 199, 8], "0 1 7 -4 -8"),
    Encoding(.uint2, [4], Proto.bytes(5, Proto.varint(228)), [228], "0 1 2 3"),
    Encoding(.uint4, [3], Proto.bytes(9, [0x21, 0x03]), [0x21, 0x03], "raw, 1 2 3"),
    Encoding(.float6e2m3, [4], Proto.bytes(5, [1, 2, 3, 4]), [0x81, 0x30, 0x10], "1 2 3 4"),
    Encoding(.float6e3m2, [2], Proto.bytes(5, [63, 63]), [0xFF, 0x0F], "63 63"),
  ]

  @Test(arguments: encodings)
  func bytesAreThoseOfTheElements(encoding: Encoding) throws {
    let value = try ONNXTestValue(bytes: encoding.message, as: nil)
    guard case .tensor(let tensor) = value else {
      Issue.record("not a tensor")
      return
    }
    #expect(tensor.elementType == encoding.type)
    #expect(tensor.dims == encoding.dims)
    #expect(tensor.withBytes { Array($0) } == encoding.bytes)
  }

  @Test(arguments: encodings)
  func writtenAndReadAgainIsTheSame(encoding: Encoding) throws {
    let tensor = try ONNXTensor(
      name: "values", elementType: encoding.type, dims: encoding.dims, copying: encoding.bytes)
    let value = try ONNXTestValue(bytes: try tensor.serialized(), as: nil)
    guard case .tensor(let again) = value else {
      Issue.record("not a tensor")
      return
    }
    #expect(again.name == "values")
    #expect(again.elementType == encoding.type)
    #expect(again.dims == encoding.dims)
    #expect(again.withBytes { Array($0) } == encoding.bytes)
  }

  @Test func packedFloatsAreNotCopied() throws {
    let folder = try TemporaryFolder()
    let encoding = Encoding(.float32, [2], Proto.bytes(4, Proto.floats([1, 2])), [])
    let url = try folder.write("x.pb", encoding.message)
    guard case .tensor(let tensor) = try ONNXTestValue(contentsOf: url, as: nil) else {
      Issue.record("not a tensor")
      return
    }
    #expect(tensor.byteRange?.owner.isMapped == true)
  }

  @Test func sequencesAndOptionalsComeBack() throws {
    let one = ONNXTestValue.tensor(
      try ONNXTensor(elementType: .int8, dims: [3], copying: [1, 2, 3]))
    let text = ONNXTestValue.tensor(try ONNXTensor(dims: [2], strings: ["a", ""]))
    let type = ONNXType.tensor(.int8, shape: nil)
    let sequence = try ONNXTestValue(
      bytes: try ONNXTestValue.sequence([one, text, one]).serialized(), as: .sequence(type))
    guard case .sequence(let elements) = sequence, elements.count == 3,
      case .tensor(let middle) = elements[1], case .strings(["a", ""]) = middle.payload
    else {
      Issue.record("not the sequence: \(sequence)")
      return
    }
    let absent = try ONNXTestValue(
      bytes: try ONNXTestValue.optional(nil).serialized(), as: .optional(type))
    guard case .optional(nil) = absent else {
      Issue.record("not absent: \(absent)")
      return
    }
    let present = try ONNXTestValue(
      bytes: try ONNXTestValue.optional(.sequence([one])).serialized(),
      as: .optional(.sequence(type)))
    guard case .optional(.sequence(let inner)?) = present, inner.count == 1 else {
      Issue.record("not present: \(present)")
      return
    }
    #expect(throws: ONNXError.self) {
      try ONNXTestValue.sequence([one, .sequence([])]).serialized()
    }
  }

  @Test func aWrongNumberOfBytesIsRefused() {
    #expect(throws: ONNXError.self) {
      try ONNXTensor(elementType: .float32, dims: [2], copying: [0, 0, 0])
    }
    #expect(throws: ONNXError.self) {
      try ONNXTensor(elementType: .int4, dims: [Int.max], copying: [])
    }
    #expect(throws: ONNXError.self) { try ONNXTensor(dims: [2], strings: ["one"]) }
    #expect(ByteRange(0..<4, of: MappedFile(copying: [1, 2, 3])) == nil)
    #expect(ByteRange(-1..<2, of: MappedFile(copying: [1, 2, 3])) == nil)
  }

  @Test(arguments: [
    (ONNXElementType.float6e2m3, 4, 3), (.float6e2m3, 5, 4), (.uint2, 5, 2), (.int4, 0, 0),
    (.complex128, 2, 32),
  ])
  func byteCountRoundsUp(type: ONNXElementType, count: Int, bytes: Int) {
    #expect(type.byteCount(of: count) == bytes)
    #expect(ONNXElementType.complex128.byteCount(of: .max) == nil)
  }
}
