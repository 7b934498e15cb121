// Room: ONNXFormat. The header of a `.npy` file: a Python dictionary, read strictly.

/// What a `.npy` file's header says.
struct NPYHeader {
  static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  /// Far above any header of plain numbers; NumPy itself refuses more than 10,000 characters.
  private static let lengthLimit = 1 << 16

  /// NumPy's codes, without their byte order.
  static let types: [String: ONNXElementType] = [
    "b1": .bool, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
    "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64,
    "f2": .float16, "f4": .float32, "f8": .float64, "c8": .complex64, "c16": .complex128,
  ]

  let elementType: ONNXElementType
  let isBigEndian: Bool
  let isFortranOrder: Bool
  let shape: [Int]

  /// Whether the elements are not little-endian in C order already.
  var needsReordering: Bool { isBigEndian || (isFortranOrder && shape.count > 1) }

  /// Reads the header; the answer's second part is where the values start.
  static func read(_ bytes: UnsafeRawBufferPointer) throws(ONNXError) -> (NPYHeader, start: Int) {
    guard bytes.count >= 10, bytes.starts(with: magic) else {
      throw ONNXError(.malformed, "is not a .npy file; save it with numpy.save")
    }
    let major = bytes[6]
    guard (1...3).contains(major) else {
      throw ONNXError(.unsupported, "is of .npy format \(major).\(bytes[7]); save it again")
    }
    let sizeBytes = major == 1 ? 2 : 4
    let start = 8 + sizeBytes
    guard bytes.count >= start else { throw cutShort }
    var length = 0
    for index in (8..<start).reversed() { length = length << 8 | Int(bytes[index]) }
    guard length <= lengthLimit else {
      throw ONNXError(
        .malformed, "has a header of \(length) bytes; the file is damaged, save it again")
    }
    guard length <= bytes.count - start else { throw cutShort }
    var parser = NPYHeaderParser(Array(bytes[start..<(start + length)]))
    return (try parser.header(), start + length)
  }

  private static var cutShort: ONNXError {
    ONNXError(.truncated, "ends inside its header; the file is cut short, save it again")
  }
}

/// Reads the header's dictionary: just the literals that NumPy writes.
private struct NPYHeaderParser {
  private let text: [UInt8]
  private var position = 0

  init(_ text: [UInt8]) { self.text = text }

  mutating func header() throws(ONNXError) -> NPYHeader {
    var description: String?
    var isFortran: Bool?
    var shape: [Int]?
    try expect("{")
    while !accept("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr":
        if peek() == UInt8(ascii: "[") {
          throw ONNXError(.unsupported, "holds records; save each column as an array of its own")
        }
        description = try string()
      case "fortran_order": isFortran = try bool()
      case "shape": shape = try tuple()
      default: throw malformed("an unknown key \(ONNXError.quoted(key))")
      }
      if !accept(",") {
        try expect("}")
        break
      }
    }
    skipSpaces()
    guard position == text.count else { throw malformed("something after its end") }
    guard let description, let isFortran, let shape else {
      throw malformed("no type, order or shape")
    }
    return try Self.header(description, isFortran, shape)
  }

  private static func header(
    _ description: String, _ isFortran: Bool, _ shape: [Int]
  ) throws(ONNXError) -> NPYHeader {
    let letters = String(description.dropFirst())
    guard let order = description.first, "<>|=".contains(order),
      let type = NPYHeader.types[letters]
    else {
      throw ONNXError(
        .unsupported,
        "holds elements of type \(ONNXError.quoted(description)); save it as numbers, "
          + "for example with astype('float32')")
    }
    return NPYHeader(
      elementType: type, isBigEndian: order == ">" && type.bitWidth > 8,
      isFortranOrder: isFortran, shape: shape)
  }

  private mutating func tuple() throws(ONNXError) -> [Int] {
    var lengths: [Int] = []
    try expect("(")
    while !accept(")") {
      guard lengths.count < ONNXTensor.rankLimit else {
        throw malformed("more than \(ONNXTensor.rankLimit) dimensions")
      }
      lengths.append(try number())
      if !accept(",") {
        try expect(")")
        break
      }
    }
    return lengths
  }

  private mutating func number() throws(ONNXError) -> Int {
    skipSpaces()
    let start = position
    while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      position += 1
    }
    guard let number = Int(String(decoding: text[start..<position], as: UTF8.self)) else {
      throw malformed("a length that is not a number")
    }
    // Python 2 wrote its long integers as 3L.
    if peek() == UInt8(ascii: "L") { position += 1 }
    return number
  }

  private mutating func bool() throws(ONNXError) -> Bool {
    skipSpaces()
    for (word, value) in [("True", true), ("False", false)]
    where text[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw malformed("an order that is neither True nor False")
  }

  private mutating func string() throws(ONNXError) -> String {
    skipSpaces()
    guard let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw malformed("no quoted text where some belongs")
    }
    position += 1
    let start = position
    while let byte = peek(), byte != quote { position += 1 }
    guard position < text.count else { throw malformed("quoted text without an end") }
    position += 1
    return String(decoding: text[start..<(position - 1)], as: UTF8.self)
  }

  private func peek() -> UInt8? { position < text.count ? text[position] : nil }

  private mutating func skipSpaces() {
    while let byte = peek(), byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
  }

  private mutating func accept(_ symbol: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard peek() == UInt8(ascii: symbol) else { return false }
    position += 1
    skipSpaces()
    return true
  }

  private mutating func expect(_ symbol: Unicode.Scalar) throws(ONNXError) {
    guard accept(symbol) else { throw malformed("no '\(symbol)' where one belongs") }
  }

  private func malformed(_ what: String) -> ONNXError {
    ONNXError(
      .malformed, "its .npy header has \(what) at character \(position); save it again")
  }
}
