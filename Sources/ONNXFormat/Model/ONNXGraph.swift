// Room: ONNXFormat. Graphs and their nodes as the file has them.

/// One operator application.
public struct ONNXNode: Sendable {
  /// The node's name; may be empty, need not be unique.
  public var name: String
  /// The operator, as in `Conv`.
  public var opType: String
  /// The operator's domain; empty for ONNX's own, which files also call `ai.onnx`.
  public var domain: String
  /// Which of several functions of that name is meant; mostly empty.
  public var overload: String
  /// Names of the inputs; an empty name is an omitted input.
  public var inputs: [String]
  /// Names of the outputs; an empty name is an output nobody wants.
  public var outputs: [String]
  /// The attributes by name.
  public var attributes: [String: ONNXAttribute]

  /// A node.
  public init(
    name: String = "", opType: String, domain: String = "", overload: String = "",
    inputs: [String], outputs: [String], attributes: [String: ONNXAttribute] = [:]
  ) {
    self.name = name
    self.opType = opType
    self.domain = domain
    self.overload = overload
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
  }

  /// For messages: the operator and the name, or the first output where there is no name.
  public var label: String {
    let text = name.isEmpty ? outputs.first { !$0.isEmpty } ?? "" : name
    let kind = domain.isEmpty ? opType : "\(domain).\(opType)"
    return text.isEmpty
      ? "node \(ONNXError.quoted(kind))"
      : "node \(ONNXError.quoted(text)) (\(ONNXError.quoted(kind).dropFirst().dropLast()))"
  }
}

/// A graph: values, the nodes that make them, and constants.
///
/// Reading leaves the nodes sorted, so that every node comes after those that make its inputs.
public struct ONNXGraph: Sendable {
  /// The graph's name.
  public var name: String
  /// What the file's author says of it.
  public var documentation: String
  /// The nodes, each after those it needs.
  public var nodes: [ONNXNode]
  /// The inputs; one that is also an initialiser may be omitted by the caller.
  public var inputs: [ONNXValueInfo]
  /// The outputs.
  public var outputs: [ONNXValueInfo]
  /// Types of values in between, as far as the file gives them.
  public var valueInfo: [ONNXValueInfo]
  /// The constants by name.
  public var initializers: [String: ONNXTensor]
  /// The names of the constants in the file's order.
  public var initializerNames: [String]
  /// The constants of which few values are stored, by name.
  public var sparseInitializers: [String: ONNXSparseTensor]

  package init(name: String = "") {
    self.name = name
    documentation = ""
    nodes = []
    inputs = []
    outputs = []
    valueInfo = []
    initializers = [:]
    initializerNames = []
    sparseInitializers = [:]
  }

  /// The inputs that a caller must give: those without a constant of the same name.
  public var requiredInputs: [ONNXValueInfo] {
    inputs.filter { initializers[$0.name] == nil && sparseInitializers[$0.name] == nil }
  }
}
