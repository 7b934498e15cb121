// Room: ONNXFormat. What a graph says about a value: its kind, element type and shape.

/// The declared type of a value.
public indirect enum ONNXType: Sendable, Equatable {
  /// A dense tensor; a nil shape means that even the rank is unknown.
  case tensor(ONNXElementType, shape: [Dimension]?)
  /// A sparse tensor; a nil shape means that even the rank is unknown.
  case sparseTensor(ONNXElementType, shape: [Dimension]?)
  /// A list of values of one type.
  case sequence(ONNXType)
  /// A value that may be absent.
  case optional(ONNXType)
  /// A dictionary.
  case map(key: ONNXElementType, value: ONNXType)
  /// A type known only to whoever defined it.
  case opaque(domain: String, name: String)

  /// One dimension of a declared shape.
  public enum Dimension: Sendable, Hashable, CustomStringConvertible {
    /// A known length, zero or more.
    case fixed(Int)
    /// A length that is the same wherever this name stands.
    case symbol(String)
    /// A length about which nothing is said.
    case unknown

    /// The length, the name, or a question mark.
    public var description: String {
      switch self {
      case .fixed(let length): String(length)
      case .symbol(let name): name
      case .unknown: "?"
      }
    }
  }
}

/// The name of a value and, where the file gives it, its type.
public struct ONNXValueInfo: Sendable, Equatable {
  /// The value's name.
  public let name: String
  /// The declared type; nil where none is declared, as is usual inside branches and loops.
  public let type: ONNXType?

  /// A value's name and type.
  public init(name: String, type: ONNXType?) {
    self.name = name
    self.type = type
  }
}

extension ONNXType: CustomStringConvertible {
  /// For people: `FLOAT[1, 12, height, width]`, `sequence of INT64[?]`.
  public var description: String {
    func shaped(_ element: ONNXElementType, _ shape: [Dimension]?) -> String {
      guard let shape else { return element.onnxName + "[…]" }
      return element.onnxName + "[" + shape.map(\.description).joined(separator: ", ") + "]"
    }
    switch self {
    case .tensor(let element, let shape): return shaped(element, shape)
    case .sparseTensor(let element, let shape): return "sparse " + shaped(element, shape)
    case .sequence(let element): return "sequence of \(element)"
    case .optional(let element): return "optional \(element)"
    case .map(let key, let value): return "map from \(key.onnxName) to \(value)"
    case .opaque(let domain, let name): return "opaque \(domain).\(name)"
    }
  }
}
