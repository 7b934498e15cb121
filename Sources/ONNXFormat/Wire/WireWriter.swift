// Room: ONNXFormat. Writes Protocol Buffers' wire format.

/// Builds one message; large values are kept as ranges until the file is written.
struct WireWriter {
  private(set) var content = WholeFile()
  /// The fields since the last large value.
  private var pending: [UInt8] = []

  mutating func int(_ number: Int, _ value: Int) {
    key(number, .varint)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// Adds `values` as one packed run; nothing where there are none.
  mutating func packedInts(_ number: Int, _ values: [Int]) {
    guard !values.isEmpty else { return }
    var run = WireWriter()
    for value in values { run.varint(UInt64(bitPattern: Int64(value))) }
    message(number, run)
  }

  mutating func bytes(_ number: Int, _ bytes: [UInt8]) {
    key(number, .lengthDelimited)
    varint(UInt64(bytes.count))
    pending += bytes
  }

  mutating func range(_ number: Int, _ range: ByteRange) {
    key(number, .lengthDelimited)
    varint(UInt64(range.count))
    flush()
    content.append(range)
  }

  mutating func message(_ number: Int, _ message: WireWriter) {
    var inner = message
    inner.flush()
    key(number, .lengthDelimited)
    varint(UInt64(inner.content.count))
    flush()
    content.append(inner.content)
  }

  /// The whole message.
  func finished() -> WholeFile {
    var copy = self
    copy.flush()
    return copy.content
  }

  private mutating func flush() {
    if !pending.isEmpty { content.append(pending) }
    pending = []
  }

  private mutating func key(_ number: Int, _ type: WireType) {
    varint(UInt64(number) << 3 | UInt64(type.rawValue))
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      pending.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    pending.append(UInt8(rest))
  }
}
