// Room: Networks. A node as an operator sees it while it reads its attributes.

internal import ONNXFormat
public import Tensors

/// The value of a node's attribute.
package enum AttributeValue: Sendable {
  case int(Int)
  case float(Float)
  case string(String)
  case tensor(Tensor)
  case ints([Int])
  case floats([Float])
  case strings([String])
  case tensors([Tensor])
  case graph(Subgraph)
  /// An element type of a sequence or an optional, or of a tensor.
  case type(ElementType?)
  /// A value of a kind or an element type that Squall lacks; the text says which.
  case unusable(String)
}

/// A branch or a loop's body, before it is compiled.
package struct Subgraph: Sendable {
  package var graph: Graph

  package init(graph: Graph) { self.graph = graph }
}

/// A node's attributes, with typed access; every error names the attribute.
///
/// **Throws**: every reader throws when the attribute is there and of another kind.
public struct NodeDescription: Sendable {
  /// The node's name in the file, or its first output's.
  package var name: String
  /// The operator's name.
  public var opType: String
  /// The operator's domain; empty for ONNX's own.
  public var domain: String
  /// The opset version of the node's domain.
  public var opset: Int
  package var attributes: [String: AttributeValue]
  /// Which inputs are given; trailing omitted ones count too.
  package var inputPresence: [Bool]
  package var outputPresence: [Bool]

  package init(
    opType: String, domain: String = "", opset: Int, attributes: [String: AttributeValue] = [:],
    inputPresence: [Bool] = [], outputPresence: [Bool] = [true], name: String = ""
  ) {
    self.name = name
    self.opType = opType
    self.domain = domain
    self.opset = opset
    self.attributes = attributes
    self.inputPresence = inputPresence
    self.outputPresence = outputPresence
  }

  /// Whether the node has an attribute called `name`.
  public func has(_ name: String) -> Bool { attributes[name] != nil }

  /// Whether input `index` is given.
  public func hasInput(_ index: Int) -> Bool {
    index < inputPresence.count && inputPresence[index]
  }

  /// Whether output `index` is named.
  public func hasOutput(_ index: Int) -> Bool {
    index < outputPresence.count && outputPresence[index]
  }

  /// An integer attribute; nil where it is left out.
  public func int(_ name: String) throws -> Int? {
    switch attributes[name] {
    case nil: return nil
    case .int(let value): return value
    case let other?: throw wrong(name, other, "an integer")
    }
  }

  /// An integer attribute, or `value` where it is left out.
  public func int(_ name: String, default value: Int) throws -> Int { try int(name) ?? value }

  /// An integer attribute that is a yes or a no.
  public func flag(_ name: String, default value: Bool = false) throws -> Bool {
    try int(name).map { $0 != 0 } ?? value
  }

  /// A number; nil where it is left out.
  public func float(_ name: String) throws -> Float? {
    switch attributes[name] {
    case nil: return nil
    case .float(let value): return value
    case let other?: throw wrong(name, other, "a number")
    }
  }

  /// A number, or `value` where it is left out.
  public func float(_ name: String, default value: Float) throws -> Float {
    try float(name) ?? value
  }

  /// A text, or `value` where it is left out.
  public func string(_ name: String, default value: String) throws -> String {
    switch attributes[name] {
    case nil: return value
    case .string(let text): return text
    case let other?: throw wrong(name, other, "a text")
    }
  }

  /// A list of integers; nil where it is left out.
  public func ints(_ name: String) throws -> [Int]? {
    switch attributes[name] {
    case nil: return nil
    case .ints(let values): return values
    case .int(let value): return [value]
    case .floats(let values) where values.isEmpty: return []
    case let other?: throw wrong(name, other, "integers")
    }
  }

  /// A list of numbers; nil where it is left out.
  public func floats(_ name: String) throws -> [Float]? {
    switch attributes[name] {
    case nil: return nil
    case .floats(let values): return values
    case .ints(let values) where values.isEmpty: return []
    case let other?: throw wrong(name, other, "numbers")
    }
  }

  /// A list of texts; nil where it is left out.
  public func strings(_ name: String) throws -> [String]? {
    switch attributes[name] {
    case nil: return nil
    case .strings(let values): return values
    case .ints(let values) where values.isEmpty: return []
    case let other?: throw wrong(name, other, "texts")
    }
  }

  /// A tensor; nil where it is left out.
  public func tensor(_ name: String) throws -> Tensor? {
    switch attributes[name] {
    case nil: return nil
    case .tensor(let value): return value
    case let other?: throw wrong(name, other, "a tensor")
    }
  }

  package func graph(_ name: String) throws -> Graph? {
    switch attributes[name] {
    case nil: return nil
    case .graph(let value): return value.graph
    case let other?: throw wrong(name, other, "a graph")
    }
  }

  /// The element type that an attribute names by ONNX's number.
  public func elementType(_ name: String) throws -> ElementType? {
    guard let number = try int(name) else { return nil }
    guard let small = Int32(exactly: number), let type = ONNXElementType(rawValue: small) else {
      throw OperatorFault.invalid("attribute '\(name)' is \(number), which is no element type")
    }
    guard let result = type.elementType else {
      throw OperatorFault.unsupported("element type \(type.onnxName)")
    }
    return result
  }

  /// Throws `unsupported` unless the attribute, where given, has one of `values`.
  public func choice(_ name: String, default value: String, _ values: [String]) throws -> String {
    let text = try string(name, default: value)
    guard values.contains(text) else {
      throw OperatorFault.unsupported("\(name) '\(text)'; known are \(values)")
    }
    return text
  }

  private func wrong(
    _ name: String, _ value: AttributeValue, _ wanted: String
  ) -> OperatorFault {
    if case .unusable(let what) = value {
      return .unsupported("attribute '\(name)' holds \(what)")
    }
    return .invalid("attribute '\(name)' is not \(wanted)")
  }
}
