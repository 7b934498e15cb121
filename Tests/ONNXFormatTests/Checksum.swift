// Tests: ONNXFormat. The checksum of zip files, to compare many values with a reference at once.

/// CRC-32 as in zlib.
struct Checksum: Equatable {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
  }

  private var state: UInt32 = 0xFFFF_FFFF
  private(set) var tensors = 0
  private(set) var byteCount = 0

  var value: UInt32 { state ^ 0xFFFF_FFFF }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    Self.table.withUnsafeBufferPointer { table in
      for byte in bytes {
        state = table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] ^ (state >> 8)
      }
    }
    tensors += 1
    byteCount += bytes.count
  }
}
