// Room: SquallCommand. `--json`: exactly one object on standard output.

internal import Foundation

/// Prints values as JSON: snake_case keys, sorted, numbers as short as they can be.
enum JSONReport {
  /// Prints `value` as one object.
  static func print(_ value: some Encodable) {
    Console.print(text(value))
  }

  /// `value` as JSON text. Numbers that JSON cannot express are `null`'s business, not ours:
  /// a value that may be infinite is to be encoded as `FiniteNumber`.
  static func text(_ value: some Encodable, pretty: Bool = true) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let data = try? encoder.encode(value) else { return "{}" }
    return String(decoding: data, as: UTF8.self)
  }

  /// Reads what `text(_:)` wrote; nil for anything else.
  static func read<Value: Decodable>(_ text: String) -> Value? {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try? decoder.decode(Value.self, from: Data(text.utf8))
  }
}
