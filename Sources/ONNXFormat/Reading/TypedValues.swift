// Room: ONNXFormat. Values of a `TensorProto` in fields of their own type: `float_data` and its like.

/// The typed field that a tensor keeps its values in, and where.
///
/// Packed floats and doubles are used where they lie; everything else is decoded into memory, which
/// costs at most eight bytes for each byte in the file.
struct TypedValues {
  private var field = 0
  /// How many bytes all the values take in the file: at least one each.
  private var storedBytes = 0
  /// The values' place when they are all in one packed run.
  private var onlyRun: Range<Int>?

  var isEmpty: Bool { storedBytes == 0 }

  /// Passes over a typed field and remembers it.
  mutating func note(_ key: WireField, _ reader: inout WireReader) throws(ONNXError) {
    let start = reader.position
    var run: Range<Int>?
    if key.type == .lengthDelimited {
      run = try reader.delimited()
    } else {
      try reader.skip(key)
    }
    let bytes = run?.count ?? (reader.position - start)
    guard bytes > 0 else { return }
    guard isEmpty || field == key.number else {
      throw ONNXError(
        .invalidTensor,
        "gives its values in two ways at byte \(key.offset); write it again")
    }
    onlyRun = isEmpty ? run : nil
    field = key.number
    storedBytes += bytes
  }

  /// The values as little-endian elements of `type`.
  func bytes(
    _ type: ONNXElementType, _ size: TensorSize, dims: [Int], _ message: WireReader,
    _ context: ReadingContext
  ) throws(ONNXError) -> ByteRange {
    guard let layout = TypedLayout(type: type, field: field) else {
      throw ONNXError(
        .invalidTensor,
        "gives \(type.onnxName) in field \(field), where it does not belong; "
          + "write it again")
    }
    #if _endian(little)
      if layout.isStoredAsIs, let onlyRun { return try TensorFields.range(onlyRun, context) }
    #endif
    // No memory is asked for before the file is known to hold that many values.
    let count = layout.valueCount(size)
    guard let count, count <= storedBytes else {
      throw Self.wrongCount("fewer", type, dims)
    }
    let values = try decode(layout, count: count, byteCount: size.byteCount, message)
    guard let values else { throw Self.wrongCount("not as many", type, dims) }
    return ByteRange(all: MappedFile(copying: values))
  }

  private static func wrongCount(
    _ how: String, _ type: ONNXElementType, _ dims: [Int]
  ) -> ONNXError {
    ONNXError(
      .invalidTensor, "gives \(how) values as \(type.onnxName)\(dims) needs; write it again")
  }

  /// Nil where the file does not hold exactly `count` values.
  private func decode(
    _ layout: TypedLayout, count: Int, byteCount: Int, _ message: WireReader
  ) throws(ONNXError) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(byteCount)
    var packer = SixBitPacker()
    var found = 0
    var reader = message
    while let key = try reader.nextField() {
      guard key.number == field else {
        try reader.skip(key)
        continue
      }
      var run = reader
      if key.type == .lengthDelimited {
        run = try reader.message(key)
      } else {
        let start = reader.position
        try reader.skip(key)
        run = reader.rewound(to: start..<reader.position)
      }
      while !run.isAtEnd {
        guard found < count else { return nil }
        found += 1
        let value = try layout.value(&run)
        if layout.isSixBit {
          packer.append(value, to: &result)
        } else {
          for byte in 0..<layout.bytesPerValue {
            result.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte))))
          }
        }
      }
    }
    packer.finish(&result)
    return found == count && result.count == byteCount ? result : nil
  }
}

/// How the values of one element type stand in one typed field.
private struct TypedLayout {
  let bytesPerValue: Int
  let isSixBit: Bool
  let isFixed: Bool
  private let elementsPerValue: Int
  private let valuesPerElement: Int
  private let type: ONNXElementType

  init?(type: ONNXElementType, field: Int) {
    switch (field, type) {
    case (4, .float32), (4, .complex64), (7, .int64), (10, .float64), (10, .complex128),
      (11, .uint64), (11, .uint32):
      break
    case (5, _) where type.bitWidth <= 16 && type != .string: break
    case (5, .int32): break
    default: return nil
    }
    self.type = type
    isFixed = field == 4 || field == 10
    isSixBit = type.bitWidth == 6
    valuesPerElement = type == .complex64 || type == .complex128 ? 2 : 1
    elementsPerValue = type.bitWidth < 8 && !isSixBit ? 8 / type.bitWidth : 1
    bytesPerValue = max(1, type.bitWidth / 8 / valuesPerElement)
  }

  /// Whether a packed run is already what is wanted.
  var isStoredAsIs: Bool { isFixed }

  func valueCount(_ size: TensorSize) -> Int? {
    let (values, overflow) = size.elementCount.multipliedReportingOverflow(by: valuesPerElement)
    return overflow ? nil : values / elementsPerValue + (values % elementsPerValue == 0 ? 0 : 1)
  }

  /// The next value's bits.
  func value(_ run: inout WireReader) throws(ONNXError) -> UInt64 {
    if isFixed { return bytesPerValue == 4 ? UInt64(try run.fixed32()) : try run.fixed64() }
    let offset = run.position
    let bits = try run.varint()
    guard fits(bits) else {
      throw ONNXError(
        .invalidTensor,
        "value \(Int64(bitPattern: bits)) at byte \(offset) does not fit \(type.onnxName); "
          + "write it again")
    }
    return type == .bool ? (bits == 0 ? 0 : 1) : bits
  }

  /// Writers disagree on whether small types are stored signed or by their bits: both fit.
  private func fits(_ bits: UInt64) -> Bool {
    let width = isSixBit ? 6 : 8 * bytesPerValue
    guard width < 64 else { return true }
    let signed = Int64(bitPattern: bits)
    return signed >= -(1 << (width - 1)) && signed < 1 << width
  }
}

/// Packs four 6-bit elements into three bytes, the first in the low bits.
private struct SixBitPacker {
  private var bits: UInt64 = 0
  private var filled = 0

  mutating func append(_ value: UInt64, to bytes: inout [UInt8]) {
    bits |= (value & 0x3F) << UInt64(filled)
    filled += 6
    while filled >= 8 {
      bytes.append(UInt8(truncatingIfNeeded: bits))
      bits >>= 8
      filled -= 8
    }
  }

  mutating func finish(_ bytes: inout [UInt8]) {
    if filled > 0 { bytes.append(UInt8(truncatingIfNeeded: bits)) }
    filled = 0
  }
}
