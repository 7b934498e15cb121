// Room: ONNXFormat. Field values as the types ONNX gives them; a wrong wire type is an error.

extension WireReader {
  private func require(_ field: WireField, _ type: WireType) throws(ONNXError) {
    guard field.type == type else {
      throw Self.malformed(
        "field \(field.number) is encoded as \(field.type) where \(type) belongs", at: field.offset)
    }
  }

  /// An integer of 64 bits.
  mutating func int(_ field: WireField) throws(ONNXError) -> Int {
    try require(field, .varint)
    return Int(truncatingIfNeeded: try varint())
  }

  /// An integer of 32 bits, as enumerations and element types are.
  mutating func int32(_ field: WireField) throws(ONNXError) -> Int32 {
    try require(field, .varint)
    return Int32(truncatingIfNeeded: try varint())
  }

  /// A single-precision number.
  mutating func float(_ field: WireField) throws(ONNXError) -> Float {
    try require(field, .fixed32)
    return Float(bitPattern: try fixed32())
  }

  /// Where a byte string lies.
  mutating func range(_ field: WireField) throws(ONNXError) -> Range<Int> {
    try require(field, .lengthDelimited)
    return try delimited()
  }

  /// A reader of a nested message.
  mutating func message(_ field: WireField) throws(ONNXError) -> WireReader {
    try nested(try range(field))
  }

  /// Text that names something: two names that differ must not become the same by repair.
  mutating func name(_ field: WireField) throws(ONNXError) -> String {
    let range = try range(field)
    let slice = UnsafeRawBufferPointer(rebasing: bytes[range])
    let text = String(decoding: slice, as: UTF8.self)
    // ASCII needs no repair; anything else shows by the repaired text's bytes.
    guard slice.allSatisfy({ $0 < 0x80 }) || text.utf8.elementsEqual(slice) else {
      throw Self.malformed(
        "the name \(ONNXError.quoted(text)) is not valid UTF-8", at: range.lowerBound)
    }
    return text
  }

  /// Text for people, invalid UTF-8 repaired.
  mutating func text(_ field: WireField) throws(ONNXError) -> String {
    String(decoding: UnsafeRawBufferPointer(rebasing: bytes[try range(field)]), as: UTF8.self)
  }

  /// Appends a repeated integer, packed or not.
  mutating func appendInts(_ field: WireField, to list: inout [Int]) throws(ONNXError) {
    guard field.type == .lengthDelimited else {
      list.append(try int(field))
      return
    }
    var packed = try message(field)
    while !packed.isAtEnd { list.append(Int(truncatingIfNeeded: try packed.varint())) }
  }

  /// Appends a repeated single-precision number, packed or not.
  mutating func appendFloats(_ field: WireField, to list: inout [Float]) throws(ONNXError) {
    guard field.type == .lengthDelimited else {
      list.append(try float(field))
      return
    }
    var packed = try message(field)
    while !packed.isAtEnd { list.append(Float(bitPattern: try packed.fixed32())) }
  }
}
