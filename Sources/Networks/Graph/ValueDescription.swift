// Room: Networks. What a network says of its inputs and outputs.

public import Tensors

/// The name, the element type and the symbolic shape of a network's input or output.
public struct ValueDescription: Sendable, Hashable, CustomStringConvertible {
  /// The length of a dimension, as the file declares it.
  public enum Dimension: Sendable, Hashable, CustomStringConvertible {
    /// A fixed length.
    case fixed(Int)
    /// A length that the caller chooses; the same name means the same length.
    case symbol(String)
    /// A length that the file says nothing of.
    case unknown

    /// The length, the symbol, or `?`.
    public var description: String {
      switch self {
      case .fixed(let length): String(length)
      case .symbol(let name): name
      case .unknown: "?"
      }
    }
  }

  /// What kind of value it is.
  public enum Kind: String, Sendable, Hashable {
    case tensor, sequence, optional
  }

  /// The name in the file.
  public var name: String
  /// What kind of value it is.
  public var kind: Kind
  /// The type of the elements; nil where the file does not say or Squall has no such type.
  public var elementType: ElementType?
  /// The lengths of the dimensions, outermost first; nil where even their number is open.
  public var dimensions: [Dimension]?

  /// A description.
  public init(
    name: String, kind: Kind = .tensor, elementType: ElementType?, dimensions: [Dimension]?
  ) {
    self.name = name
    self.kind = kind
    self.elementType = elementType
    self.dimensions = dimensions
  }

  /// The shape alone, as in `[batch, 4, 160, 160]`.
  public var shapeDescription: String {
    guard let dimensions else { return "[…]" }
    return "[" + dimensions.map(\.description).joined(separator: ", ") + "]"
  }

  /// Name, element type and shape, as in `x: float32 [batch, 3, 64, 64]`.
  public var description: String {
    let type = elementType?.rawValue ?? "?"
    return kind == .tensor
      ? "\(name): \(type) \(shapeDescription)" : "\(name): \(kind.rawValue) of \(type)"
  }
}
