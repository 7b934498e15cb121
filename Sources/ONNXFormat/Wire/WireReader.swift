// Room: ONNXFormat. Protocol Buffers' wire format, read in place and trusted in nothing.

/// How a field's value is encoded.
enum WireType: UInt8 {
  case varint = 0
  case fixed64 = 1
  case lengthDelimited = 2
  case fixed32 = 5
}

/// The key that stands before a field's value.
struct WireField {
  let number: Int
  let type: WireType
  /// Where the key starts in the file.
  let offset: Int
}

/// Reads the fields of one message from bytes that must outlive it.
///
/// A value, so that a nested message is read by a second reader on the same bytes.
///
/// **Source.** Protocol Buffers, "Encoding".
struct WireReader {
  /// How deep messages may nest.
  ///
  /// A graph in an attribute of a node of a graph is three levels, so this allows twenty loops and
  /// branches inside each other, where real models have three; it bounds the stack.
  static let depthLimit = 64

  let bytes: UnsafeRawBufferPointer
  private(set) var position: Int
  let end: Int
  let depth: Int

  /// A reader of the outermost message in all of `bytes`.
  init(_ bytes: UnsafeRawBufferPointer) {
    self.init(bytes: bytes, range: 0..<bytes.count, depth: 0)
  }

  private init(bytes: UnsafeRawBufferPointer, range: Range<Int>, depth: Int) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
    self.depth = depth
  }

  /// A second reader that starts where this one stands.
  func rewound(to range: Range<Int>) -> WireReader {
    WireReader(bytes: bytes, range: range, depth: depth)
  }

  var isAtEnd: Bool { position >= end }

  /// The key of the next field, or nil at the end of the message.
  mutating func nextField() throws(ONNXError) -> WireField? {
    guard position < end else { return nil }
    let offset = position
    let key = try varint()
    guard let number = Int(exactly: key >> 3), (1...0x1FFF_FFFF).contains(number) else {
      throw Self.malformed("a field number is out of range", at: offset)
    }
    guard let type = WireType(rawValue: UInt8(key & 7)) else {
      throw Self.malformed("field \(number) has wire type \(key & 7)", at: offset)
    }
    return WireField(number: number, type: type, offset: offset)
  }

  /// A number of up to 64 bits, seven to a byte.
  mutating func varint() throws(ONNXError) -> UInt64 {
    let start = position
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = UInt64(bytes[position])
      position += 1
      if shift == 63, byte > 1 {
        throw Self.malformed("a number is longer than 64 bits", at: start)
      }
      result |= (byte & 0x7F) << shift
      if byte < 0x80 { return result }
      shift += 7
    }
    throw Self.truncated("a number", at: start)
  }

  /// Four bytes.
  mutating func fixed32() throws(ONNXError) -> UInt32 {
    guard end - position >= 4 else { throw Self.truncated("a 4-byte number", at: position) }
    defer { position += 4 }
    return UInt32(
      littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
  }

  /// Eight bytes.
  mutating func fixed64() throws(ONNXError) -> UInt64 {
    guard end - position >= 8 else { throw Self.truncated("an 8-byte number", at: position) }
    defer { position += 8 }
    return UInt64(
      littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
  }

  /// A length and then that many bytes; the answer is where they lie in the file.
  mutating func delimited() throws(ONNXError) -> Range<Int> {
    let start = position
    let announced = try varint()
    guard let length = Int(exactly: announced), length <= end - position else {
      let left = end - position
      throw ONNXError(
        .truncated,
        "\(announced) bytes are announced at byte \(start) where \(left) are left; "
          + "the file is cut short or damaged, fetch it again")
    }
    defer { position += length }
    return position..<(position + length)
  }

  /// Passes over the value of a field that is not needed.
  mutating func skip(_ field: WireField) throws(ONNXError) {
    switch field.type {
    case .varint: _ = try varint()
    case .fixed64: _ = try fixed64()
    case .lengthDelimited: _ = try delimited()
    case .fixed32: _ = try fixed32()
    }
  }

  /// A reader of the message in `range`, one level deeper.
  func nested(_ range: Range<Int>) throws(ONNXError) -> WireReader {
    guard depth < Self.depthLimit else {
      throw ONNXError(
        .nestedTooDeep,
        "messages are nested more than \(Self.depthLimit) deep at byte \(range.lowerBound); "
          + "no real model is, the file is damaged or hostile")
    }
    return WireReader(bytes: bytes, range: range, depth: depth + 1)
  }

  static func malformed(_ what: String, at offset: Int) -> ONNXError {
    ONNXError(
      .malformed, "\(what) at byte \(offset); the file is damaged or of another kind")
  }

  private static func truncated(_ what: String, at offset: Int) -> ONNXError {
    ONNXError(
      .truncated,
      "\(what) is cut off at byte \(offset); the file is cut short or damaged, fetch it again")
  }
}
