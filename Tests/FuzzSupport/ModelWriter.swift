// Fuzz support: small models written in a few lines.

/// Writes the messages of a model.
public enum ModelWriter {
  /// A field of a message.
  public typealias Field = (number: UInt64, value: WireValue)

  /// A text, or the bytes of one.
  public static func text(_ number: UInt64, _ text: String) -> Field {
    (number, .bytes(Array(text.utf8)))
  }

  /// A number.
  public static func int(_ number: UInt64, _ value: Int) -> Field {
    (number, .varint(UInt64(bitPattern: Int64(value))))
  }

  /// The bytes of 64-bit integers.
  public static func int64s(_ values: [Int]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) } }
  }

  /// The bytes of floats.
  public static func floats(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
  }

  /// An input's or an output's name, element type and shape; texts are symbols.
  public static func port(
    _ number: UInt64, _ name: String, _ dimensions: [String]? = nil, type: Int = 1
  ) -> Field {
    var tensor = [int(1, type)]
    if let dimensions {
      tensor.append(
        (
          2,
          .message(
            WireMessage(
              .shape,
              dimensions.map { dimension in
                let field = Int(dimension).map { int(1, $0) } ?? text(2, dimension)
                return (1, .message(WireMessage(.leaf, [field])))
              }))
        ))
    }
    let type = WireMessage(.type, [(1, .message(WireMessage(.tensorType, tensor)))])
    return (number, .message(WireMessage(.valueInfo, [text(1, name), (2, .message(type))])))
  }

  /// A tensor of raw bytes.
  public static func tensor(
    _ name: String, _ lengths: [Int], type: Int, _ raw: [UInt8]
  ) -> WireMessage {
    WireMessage(
      .tensor, lengths.map { int(1, $0) } + [int(2, type), text(8, name), (9, .bytes(raw))])
  }

  /// A tensor of floats that rise from -1.
  public static func weights(_ name: String, _ lengths: [Int]) -> WireMessage {
    let count = lengths.reduce(1, *)
    return tensor(name, lengths, type: 1, floats((0..<count).map { Float($0 % 7) / 3 - 1 }))
  }

  /// A tensor of 64-bit integers; a scalar without `lengths`.
  public static func integers(
    _ name: String, _ values: [Int], _ lengths: [Int]? = nil
  ) -> WireMessage {
    tensor(name, lengths ?? [values.count], type: 7, int64s(values))
  }

  /// What an attribute may hold here.
  public enum Value {
    case int(Int)
    case float(Float)
    case text(String)
    case ints([Int])
    case tensor(WireMessage)
    case graph(WireMessage)
    /// The attribute of this name of the function around the node.
    case reference(String)
  }

  /// A node.
  public static func node(
    _ operation: String, _ inputs: [String], _ outputs: [String],
    _ attributes: [(String, Value)] = [], domain: String = ""
  ) -> WireMessage {
    var fields = inputs.map { text(1, $0) } + outputs.map { text(2, $0) } + [text(4, operation)]
    for (name, value) in attributes { fields.append((5, .message(attribute(name, value)))) }
    if !domain.isEmpty { fields.append(text(7, domain)) }
    return WireMessage(.node, fields)
  }

  /// An attribute.
  public static func attribute(_ name: String, _ value: Value) -> WireMessage {
    var fields = [text(1, name)]
    switch value {
    case .int(let value): fields += [int(3, value), int(20, 2)]
    case .float(let value): fields += [(2, .fixed32(value.bitPattern)), int(20, 1)]
    case .text(let value): fields += [text(4, value), int(20, 3)]
    case .ints(let values): fields += values.map { int(8, $0) } + [int(20, 7)]
    case .tensor(let value): fields += [(5, .message(value)), int(20, 4)]
    case .graph(let value): fields += [(6, .message(value)), int(20, 5)]
    case .reference(let name): fields += [text(21, name), int(20, 2)]
    }
    return WireMessage(.attribute, fields)
  }

  /// A graph of nodes, constants and ports.
  public static func graph(
    _ nodes: [WireMessage], constants: [WireMessage] = [], _ ports: [Field]
  ) -> WireMessage {
    WireMessage(
      .graph,
      nodes.map { (1, .message($0)) } + [text(2, "g")] + constants.map { (5, .message($0)) }
        + ports)
  }

  /// A function of domain `f`.
  public static func function(
    _ name: String, _ inputs: [String], _ outputs: [String], _ nodes: [WireMessage],
    attributes: [WireMessage] = []
  ) -> WireMessage {
    WireMessage(
      .function,
      [text(1, name)] + inputs.map { text(4, $0) } + outputs.map { text(5, $0) }
        + nodes.map { (7, .message($0)) } + attributes.map { (11, .message($0)) }
        + [text(10, "f")])
  }

  /// A model file.
  public static func model(
    _ graph: WireMessage, functions: [WireMessage] = [], opset: Int = 21
  ) -> [UInt8] {
    let domains = [("", opset), ("f", 1), ("com.microsoft", 1)].map { domain, version in
      (UInt64(8), WireValue.message(WireMessage(.leaf, [text(1, domain), int(2, version)])))
    }
    return WireMessage(
      .model,
      [int(1, 10)] + domains + [(7, .message(graph))]
        + functions.map { (25, .message($0)) }
    ).bytes
  }
}
