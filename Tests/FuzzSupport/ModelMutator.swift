// Fuzz support: changes a model file where it hurts: names, lengths, shapes, nesting, raw values.

/// Makes a hostile model of a good one.
///
/// Most changes keep the file well-formed and make its content lie, since a reader that refuses
/// every damaged length would never let the rest be tested.
public struct ModelMutator {
  private static let numbers: [Int64] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 17, 127, 128, 255, 256, 1000, 65_535, 1 << 20,
    1 << 31, (1 << 31) - 1, 1 << 32, 1 << 40, 1 << 61, 1 << 62, .max, .max - 1, .min, .min + 1, -1,
    -2, -3, -4, -128, -(1 << 31),
  ]
  private static let texts = [
    "", "SAME_UPPER", "VALID", "linear", "cubic", "nearest", "reflect", "wrap", "edge", "mul",
    "max",
    "../x", "/etc/passwd", "link", "data.bin", "axes", "ij,jk->ik", "...i,i...->...", "ii->i",
  ]

  /// Where chance comes from.
  public var random: any RandomNumberGenerator

  /// A mutator whose changes `random` decides.
  public init(_ random: any RandomNumberGenerator) { self.random = random }

  /// `bytes` with one to five changes.
  public mutating func mutated(_ bytes: [UInt8], mixing other: [UInt8]? = nil) -> [UInt8] {
    guard let root = WireMessage(.model, reading: bytes[...]) else { return scratched(bytes) }
    let donor = other.flatMap { WireMessage(.model, reading: $0[...]) }
    for _ in 0..<below(5) + 1 { change(root, donor) }
    let result = root.bytes
    return below(8) == 0 ? scratched(result) : result
  }

  /// `bytes` with single bytes changed, or cut off.
  public mutating func scratched(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    guard !result.isEmpty else { return [UInt8(below(256))] }
    if below(4) == 0 { result.removeLast(below(result.count)) }
    for _ in 0..<below(4) + 1 where !result.isEmpty {
      let place = below(result.count)
      switch below(3) {
      case 0: result[place] = UInt8(below(256))
      case 1: result[place] ^= 1 << UInt8(below(8))
      default: result[place] = result[place] &+ (below(2) == 0 ? 1 : 255)
      }
    }
    return result
  }

  private mutating func below(_ bound: Int) -> Int {
    Int(truncatingIfNeeded: random.next() % UInt64(max(bound, 1)))
  }

  private mutating func pick<Element>(_ list: [Element]) -> Element? {
    list.isEmpty ? nil : list[below(list.count)]
  }

  private mutating func change(_ root: WireMessage, _ donor: WireMessage?) {
    let messages = root.all
    guard let target = pick(messages.filter { !$0.fields.isEmpty }) else { return }
    let place = below(target.fields.count)
    switch below(12) {
    case 0: target.fields.remove(at: place)
    case 1: target.fields.insert(copy(target.fields[place]), at: below(target.fields.count))
    case 2: target.fields.swapAt(place, below(target.fields.count))
    case 3, 4:
      // Something of the same kind from elsewhere: a node, a tensor, a graph inside a graph.
      let source = below(2) == 0 ? donor ?? root : root
      let matching = source.all.filter { $0.kind == target.kind && !$0.fields.isEmpty }
      guard let giver = pick(matching), let field = pick(giver.fields) else { return }
      if below(2) == 0, let same = target.fields.firstIndex(where: { $0.number == field.number }) {
        target.fields[same] = copy(field)
      } else {
        target.fields.append(copy(field))
      }
    default: target.fields[place].value = changed(target.fields[place].value, target, messages)
    }
  }

  private func copy(
    _ field: (number: UInt64, value: WireValue)
  ) -> (number: UInt64, value: WireValue) {
    guard case .message(let message) = field.value,
      let copied = WireMessage(message.kind, reading: message.bytes[...])
    else { return field }
    return (field.number, .message(copied))
  }

  private mutating func changed(
    _ value: WireValue, _ owner: WireMessage, _ messages: [WireMessage]
  ) -> WireValue {
    switch value {
    case .varint(let number):
      switch below(3) {
      case 0: return .varint(number &+ (below(2) == 0 ? 1 : .max))
      default: return .varint(UInt64(bitPattern: pick(Self.numbers) ?? 0))
      }
    case .fixed64: return .fixed64(random.next())
    case .fixed32:
      return .fixed32(
        pick([0, 0x7fc0_0000, 0x7f80_0000, 0xff80_0000, 0x4f00_0000, UInt32(below(1 << 31))]) ?? 0)
    case .message(let message): return .bytes(scratched(message.bytes))
    case .bytes(let bytes):
      switch below(4) {
      case 0:
        // Another value's name, so that nodes take what was not meant for them.
        let texts = messages.flatMap { $0.fields }.compactMap { field -> [UInt8]? in
          guard case .bytes(let text) = field.value, text.count < 40 else { return nil }
          return text
        }
        return .bytes(pick(texts) ?? [])
      case 1: return .bytes(Array((pick(Self.texts) ?? "").utf8))
      case 2 where bytes.count >= 8:
        // One 64-bit value among raw values: an axis, a length, an index.
        var result = bytes
        let place = below(bytes.count / 8) * 8
        let number = UInt64(bitPattern: pick(Self.numbers) ?? 0)
        for index in 0..<8 {
          result[place + index] = UInt8(truncatingIfNeeded: number >> (8 * UInt64(index)))
        }
        return .bytes(result)
      default: return .bytes(scratched(bytes))
      }
    }
  }
}
