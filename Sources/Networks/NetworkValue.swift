// Room: Networks. What a network's input, output or intermediate value may be.

public import Tensors

/// A value that flows through a network.
///
/// Nearly every value is a tensor; loops that collect frames make sequences, and a few graphs have
/// optional values.
public indirect enum NetworkValue: Sendable {
  /// Numbers with a shape.
  case tensor(Tensor)
  /// Tensors of one element type, possibly of different shapes.
  case sequence([Tensor], ElementType)
  /// A value that may be absent.
  case optional(NetworkValue?)

  /// The tensor, when the value is one.
  public var tensor: Tensor? {
    if case .tensor(let tensor) = self { tensor } else { nil }
  }

  /// Takes the value's memory off the account of the network that made it: it is the caller's now.
  func settle() {
    switch self {
    case .tensor(let tensor): tensor.storage.settle()
    case .sequence(let tensors, _): for tensor in tensors { tensor.storage.settle() }
    case .optional(let value): value?.settle()
    }
  }

  /// What kind of value it is, in words, for messages.
  public var kindDescription: String {
    switch self {
    case .tensor(let tensor): "a \(tensor.elementType.rawValue) tensor \(tensor.shape)"
    case .sequence(let tensors, let type):
      "a sequence of \(tensors.count) \(type.rawValue) tensors"
    case .optional(nil): "an absent optional value"
    case .optional(let value?): "an optional holding \(value.kindDescription)"
    }
  }
}
