// Fuzz support: a protobuf message as a tree that can be changed and written again.

/// The messages of an ONNX file, as far as a mutation must know which bytes are messages.
///
/// **Source**: ONNX, `onnx.proto`.
public enum WireKind: Sendable {
  case model, graph, node, attribute, function, tensor, sparseTensor, valueInfo, type, tensorType
  case elementType, mapType, shape, leaf

  /// The kind of the message in field `number`; nil where no message is.
  func child(_ number: UInt64) -> WireKind? {
    switch (self, number) {
    case (.model, 7): .graph
    case (.model, 25): .function
    case (.model, 8), (.model, 14): .leaf
    case (.graph, 1), (.function, 7): .node
    case (.graph, 5): .tensor
    case (.graph, 15): .sparseTensor
    case (.graph, 11), (.graph, 12), (.graph, 13), (.function, 12): .valueInfo
    case (.node, 5), (.function, 11): .attribute
    case (.function, 9): .leaf
    case (.attribute, 5), (.attribute, 10): .tensor
    case (.attribute, 6), (.attribute, 11): .graph
    case (.attribute, 14), (.attribute, 15): .type
    case (.attribute, 22), (.attribute, 23): .sparseTensor
    case (.sparseTensor, 1), (.sparseTensor, 2): .tensor
    case (.tensor, 3), (.tensor, 13), (.shape, 1): .leaf
    case (.valueInfo, 2), (.elementType, 1), (.mapType, 2): .type
    case (.type, 1), (.type, 8): .tensorType
    case (.type, 4), (.type, 9): .elementType
    case (.type, 5): .mapType
    case (.tensorType, 2): .shape
    default: nil
    }
  }
}

/// A field's value.
public enum WireValue {
  case varint(UInt64)
  case fixed64(UInt64)
  case fixed32(UInt32)
  case bytes([UInt8])
  case message(WireMessage)
}

/// A message whose fields can be changed in place, whoever else holds it.
public final class WireMessage {
  /// Which message it is.
  public let kind: WireKind
  /// The fields in their order.
  public var fields: [(number: UInt64, value: WireValue)]

  /// A message of these fields.
  public init(_ kind: WireKind, _ fields: [(number: UInt64, value: WireValue)] = []) {
    self.kind = kind
    self.fields = fields
  }

  /// Reads `bytes`; nil where they are no message. Nothing is deeper than `depth`.
  public convenience init?(_ kind: WireKind, reading bytes: ArraySlice<UInt8>, depth: Int = 80) {
    guard depth > 0 else { return nil }
    var fields: [(number: UInt64, value: WireValue)] = []
    var rest = bytes
    func varint() -> UInt64? {
      var result: UInt64 = 0
      for shift in stride(from: UInt64(0), through: 63, by: 7) {
        guard let byte = rest.popFirst() else { return nil }
        result |= UInt64(byte & 0x7f) << shift
        if byte < 0x80 { return result }
      }
      return nil
    }
    func take(_ count: UInt64) -> ArraySlice<UInt8>? {
      guard count <= UInt64(rest.count) else { return nil }
      defer { rest = rest.dropFirst(Int(count)) }
      return rest.prefix(Int(count))
    }
    while !rest.isEmpty {
      guard let key = varint() else { return nil }
      let number = key >> 3
      switch key & 7 {
      case 0:
        guard let value = varint() else { return nil }
        fields.append((number, .varint(value)))
      case 1:
        guard let raw = take(8) else { return nil }
        fields.append((number, .fixed64(raw.reversed().reduce(0) { $0 << 8 | UInt64($1) })))
      case 5:
        guard let raw = take(4) else { return nil }
        fields.append((number, .fixed32(raw.reversed().reduce(0) { $0 << 8 | UInt32($1) })))
      case 2:
        guard let count = varint(), let raw = take(count) else { return nil }
        if let child = kind.child(number),
          let message = WireMessage(child, reading: raw, depth: depth - 1)
        {
          fields.append((number, .message(message)))
        } else {
          fields.append((number, .bytes(Array(raw))))
        }
      default: return nil
      }
    }
    self.init(kind, fields)
  }

  /// The message's bytes.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    for (number, value) in fields {
      switch value {
      case .varint(let value):
        result += Self.varint(number << 3) + Self.varint(value)
      case .fixed64(let value):
        result += Self.varint(number << 3 | 1)
        result += (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
      case .fixed32(let value):
        result += Self.varint(number << 3 | 5)
        result += (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
      case .bytes(let value):
        result += Self.varint(number << 3 | 2) + Self.varint(UInt64(value.count)) + value
      case .message(let message):
        let value = message.bytes
        result += Self.varint(number << 3 | 2) + Self.varint(UInt64(value.count)) + value
      }
    }
    return result
  }

  /// The message itself and all inside it.
  public var all: [WireMessage] {
    var result = [self]
    for case .message(let message) in fields.map(\.value) { result += message.all }
    return result
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    var (rest, bytes) = (value, [UInt8]())
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
