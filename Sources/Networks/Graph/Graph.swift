// Room: Networks. The graph that passes work on and plans are made from: values and nodes.

package import Tensors

/// The number of a value inside its graph.
package typealias ValueID = Int

/// A network's values and the nodes that make them, each after those that make its inputs.
package struct Graph: Sendable {
  /// The values' names, by number; names come from the file where it has them.
  package var names: [String]
  /// The constants' contents, by number.
  package var constants: [ValueID: Tensor]
  package var nodes: [GraphNode]
  package var inputs: [GraphInput]
  package var outputs: [ValueID]
  /// What the file declares of the outputs, in order; empty where it was not asked.
  package var declaredOutputs: [ValueDescription] = []
  /// Values of the enclosing graph that a branch or a body uses: place in the node's
  /// `capturedValues`, own number.
  package var captures: [(slot: Int, inner: ValueID)]
  /// The opset of each domain, for messages and for operators made by passes.
  package var opsets: [String: Int]
  /// Whether the file holds weights in half precision, rather than only arithmetic in it.
  package var hasHalfWeights = false

  package init(opsets: [String: Int] = [:]) {
    names = []
    constants = [:]
    nodes = []
    inputs = []
    outputs = []
    captures = []
    self.opsets = opsets
  }

  /// A new value called `name`.
  package mutating func addValue(_ name: String) -> ValueID {
    names.append(name)
    return names.count - 1
  }

  /// How often each value is used, as a node's input, as an output, or inside a node's subgraph.
  package func useCounts() -> [Int] {
    var counts = [Int](repeating: 0, count: names.count)
    for node in nodes {
      for case let value? in node.inputs { counts[value] += 1 }
      for value in node.capturedValues { counts[value] += 1 }
    }
    for value in outputs { counts[value] += 1 }
    return counts
  }

  /// Whether no operator, in subgraphs neither, makes random numbers.
  package var isDeterministic: Bool {
    nodes.allSatisfy { node in
      guard let operation = node.implementation.asSubgraphs else {
        return node.implementation.isDeterministic(
          given: node.inputs.map { $0.flatMap { constants[$0] } })
      }
      return operation.subgraphs.allSatisfy { $0.graph.isDeterministic }
    }
  }

  /// The node that makes each value, by the node's place in `nodes`.
  package func producers() -> [Int?] {
    var result = [Int?](repeating: nil, count: names.count)
    for (index, node) in nodes.enumerated() {
      for case let value? in node.outputs { result[value] = index }
    }
    return result
  }

  /// Puts `replacement` wherever a node, a subgraph or an output uses `value`.
  package mutating func replaceUses(of value: ValueID, with replacement: ValueID) {
    for index in nodes.indices { nodes[index].replaceUses(of: value, with: replacement) }
    for index in outputs.indices where outputs[index] == value { outputs[index] = replacement }
  }
}

/// An input of a graph.
package struct GraphInput: Sendable {
  package var value: ValueID
  /// What the file declares; a caller's value is checked against it.
  package var declared: ValueDescription
  /// The initialiser of the same name, used when the caller gives nothing.
  package var defaultValue: Tensor?

  package init(value: ValueID, declared: ValueDescription, defaultValue: Tensor? = nil) {
    self.value = value
    self.declared = declared
    self.defaultValue = defaultValue
  }
}

/// One operator application.
///
/// A value whose parts lie together behind one reference: passes copy nodes far more often than they
/// change them.
package struct GraphNode: Sendable {
  // Unchecked: it is changed only where nobody else holds it.
  private final class Parts: @unchecked Sendable {
    var name: String
    var opType: String
    var domain: String
    var inputs: [ValueID?]
    var outputs: [ValueID?]
    var implementation: any Operator
    var capturedValues: [ValueID]
    var description: NodeDescription?

    init(
      name: String, opType: String, domain: String, inputs: [ValueID?], outputs: [ValueID?],
      implementation: any Operator, capturedValues: [ValueID], description: NodeDescription?
    ) {
      (self.name, self.opType, self.domain) = (name, opType, domain)
      (self.inputs, self.outputs, self.capturedValues) = (inputs, outputs, capturedValues)
      (self.implementation, self.description) = (implementation, description)
    }

    var copy: Parts {
      Parts(
        name: name, opType: opType, domain: domain, inputs: inputs, outputs: outputs,
        implementation: implementation, capturedValues: capturedValues, description: description)
    }
  }

  private var parts: Parts

  private mutating func own() {
    if !isKnownUniquelyReferenced(&parts) { parts = parts.copy }
  }

  /// The node's name in the file, or its first output's.
  package var name: String {
    get { parts.name }
    set { own(); parts.name = newValue }
  }
  package var opType: String {
    get { parts.opType }
    set { own(); parts.opType = newValue }
  }
  package var domain: String {
    get { parts.domain }
    set { own(); parts.domain = newValue }
  }
  package var inputs: [ValueID?] {
    get { parts.inputs }
    set { if parts.inputs != newValue { own(); parts.inputs = newValue } }
  }
  package var outputs: [ValueID?] {
    get { parts.outputs }
    set { own(); parts.outputs = newValue }
  }
  package var implementation: any Operator {
    get { parts.implementation }
    set { own(); parts.implementation = newValue }
  }
  /// Values of this graph that the node's branches or body use.
  package var capturedValues: [ValueID] {
    get { parts.capturedValues }
    set { if parts.capturedValues != newValue { own(); parts.capturedValues = newValue } }
  }
  /// What the implementation was made from, to tell whether two nodes do the same; nil for nodes
  /// that passes made.
  package var description: NodeDescription? {
    get { parts.description }
    set { own(); parts.description = newValue }
  }

  package init(
    name: String, opType: String, domain: String = "", inputs: [ValueID?], outputs: [ValueID?],
    implementation: any Operator, capturedValues: [ValueID] = [],
    description: NodeDescription? = nil
  ) {
    parts = Parts(
      name: name, opType: opType, domain: domain, inputs: inputs, outputs: outputs,
      implementation: implementation, capturedValues: capturedValues, description: description)
  }

  /// For messages: the operator and the node's name.
  package var label: String {
    "node '\(name)' (\(domain.isEmpty ? opType : "\(domain).\(opType)"))"
  }

  package mutating func replaceUses(of value: ValueID, with replacement: ValueID) {
    if inputs.contains(value) { inputs = inputs.map { $0 == value ? replacement : $0 } }
    if capturedValues.contains(value) {
      capturedValues = capturedValues.map { $0 == value ? replacement : $0 }
    }
  }

  /// `error` as a `NetworkError` that names this node.
  package func fault(_ error: any Error, running: Bool = false) -> NetworkError {
    switch error {
    case let error as NetworkError:
      return error
    case let fault as OperatorFault:
      switch fault.kind {
      case .invalid:
        return NetworkError(running ? .runFailed : .invalidGraph, "\(label): \(fault.message)")
      case .unsupported:
        let name = domain.isEmpty ? opType : "\(domain).\(opType)"
        return NetworkError(
          .unsupported, "\(label) is not supported: \(fault.message)", operators: [name])
      case .memoryLimit:
        return NetworkError(.memoryLimit, "\(label): \(fault.message)")
      }
    default:
      return NetworkError(running ? .runFailed : .invalidGraph, "\(label): \(error)")
    }
  }
}
