// Room: Networks. Operators that are a few others in a row: the graph holds those in their place, so
// that passes fuse them and kernels know nothing of them.

package import Tensors

/// An operator that other operators make up, whatever the shapes.
///
/// `Graph.append(_:)` puts its nodes where the node itself would be.
package protocol CompositeOperator: Operator {
  /// Adds the nodes and gives the values of the outputs, in order; nil for those that it lacks.
  func expand(_ body: inout CompositeBody) throws -> [ValueID?]
}

extension CompositeOperator {
  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    throw OperatorFault.invalid("is made of other operators, which are not in its place")
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    throw OperatorFault.invalid("is made of other operators, which are not in its place")
  }
}

/// The nodes that take a composite operator's place, while they are put together.
package struct CompositeBody {
  fileprivate var graph: Graph
  private let name: String
  private let inputs: [ValueID?]
  private let wantedOutputs: [Bool]

  fileprivate init(_ graph: Graph, _ node: GraphNode) {
    self.graph = graph
    name = node.name
    inputs = node.inputs
    wantedOutputs = node.outputs.map { $0 != nil }
  }

  /// Input `index`; throws when it is left out.
  package func input(_ index: Int) throws -> ValueID {
    guard let value = optional(index) else {
      throw OperatorFault.invalid("input \(index) is missing")
    }
    return value
  }

  /// Input `index`, nil when it is left out.
  package func optional(_ index: Int) -> ValueID? {
    index < inputs.count ? inputs[index] : nil
  }

  /// Whether anybody wants output `index`.
  package func wants(_ index: Int) -> Bool {
    index < wantedOutputs.count && wantedOutputs[index]
  }

  /// Adds a node, in ONNX's own domain and its newest opset unless others are named.
  package mutating func node(
    _ opType: String, _ inputs: [ValueID?], _ attributes: [String: AttributeValue] = [:],
    outputs: Int, opset: Int = Opset.newest, domain: String = ""
  ) throws -> [ValueID] {
    guard let type = OperatorRegistry.type(opType, domain: domain) else {
      throw OperatorFault.unsupported("it needs \(opType)")
    }
    var given = inputs
    while given.last == .some(nil) { given.removeLast() }
    let own = "\(name)/\(opType)"
    let description = NodeDescription(
      opType: opType, domain: domain, opset: opset, attributes: attributes,
      inputPresence: given.map { $0 != nil },
      outputPresence: [Bool](repeating: true, count: outputs), name: own)
    let results = (0..<outputs).map { _ in graph.addValue(own) }
    try graph.append(
      GraphNode(
        name: own, opType: opType, domain: domain, inputs: given, outputs: results,
        implementation: type.init(description)))
    return results
  }

  /// Adds a node with one output.
  package mutating func one(
    _ opType: String, _ inputs: [ValueID?], _ attributes: [String: AttributeValue] = [:],
    opset: Int = Opset.newest
  ) throws -> ValueID {
    try node(opType, inputs, attributes, outputs: 1, opset: opset)[0]
  }

  package mutating func constant(_ tensor: Tensor) -> ValueID {
    let value = graph.addValue("\(name)/constant")
    graph.constants[value] = tensor
    return value
  }

  /// A one-dimensional constant of integers.
  package mutating func constant(_ values: [Int]) -> ValueID {
    constant(Tensor(values.map(Int64.init), shape: [values.count]))
  }

  /// A number of `other`'s element type.
  package mutating func number(_ value: Float, like other: ValueID) throws -> ValueID {
    try one("CastLike", [constant(Tensor(value)), other])
  }
}

extension Graph {
  /// Adds `node`, or the nodes that make it up.
  ///
  /// **Throws** `OperatorFault` where a composite operator's inputs are wrong.
  package mutating func append(_ node: GraphNode) throws {
    guard let composite = node.implementation.asComposite else {
      nodes.append(node)
      return
    }
    let start = nodes.count
    var body = CompositeBody(self, node)
    let results = try composite.expand(&body)
    self = body.graph
    var renamed: [ValueID: ValueID] = [:]
    for (index, output) in node.outputs.enumerated() {
      guard let output else { continue }
      guard index < results.count, let result = results[index] else {
        throw OperatorFault.unsupported("its output \(index)")
      }
      let isMadeHere = nodes[start...].contains { $0.outputs.contains(result) }
      if isMadeHere, renamed[result] == nil {
        renamed[result] = output
      } else {
        nodes.append(
          GraphNode(
            name: "\(node.name)/Identity", opType: "Identity", inputs: [result], outputs: [output],
            implementation: try IdentityOperator(
              NodeDescription(opType: "Identity", opset: Opset.newest, inputPresence: [true]))))
      }
    }
    for index in start..<nodes.count {
      for (value, output) in renamed {
        nodes[index].replaceUses(of: value, with: output)
        for place in nodes[index].outputs.indices where nodes[index].outputs[place] == value {
          nodes[index].outputs[place] = output
        }
      }
    }
  }
}
