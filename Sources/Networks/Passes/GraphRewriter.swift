// Room: Networks. A graph while a pass rewrites it: who makes each value, who uses it, what is known.

internal import Tensors

/// Replaces nodes one by one and keeps count of who makes and who uses each value.
///
/// A pass that recognises several nodes puts one in the place of the last of them. The others stay
/// for whoever else uses what they make, and go in `finished()` when nobody does.
struct GraphRewriter {
  private(set) var graph: Graph
  private var producers: [Int?]
  private var uses: [Int]
  private let limits: MemoryLimits
  private var table: FactTable?
  /// Nodes that `finished()` puts before others.
  private var additions: [Int: [GraphNode]] = [:]

  init(_ graph: Graph, limits: MemoryLimits) {
    self.graph = graph
    self.limits = limits
    producers = graph.producers()
    uses = graph.useCounts()
  }

  var nodes: [GraphNode] { graph.nodes }

  /// The node that makes `value`, when its operator is an `Operation`.
  func producer<Operation: Operator>(
    of value: ValueID?, _: Operation.Type
  ) -> (node: GraphNode, operation: Operation)? {
    guard let node = producer(of: value), let operation = node.implementation as? Operation else {
      return nil
    }
    return (node, operation)
  }

  /// The node that makes `value`.
  func producer(of value: ValueID?) -> GraphNode? {
    guard let value, let index = producers[value] else { return nil }
    return graph.nodes[index]
  }

  /// The contents of a constant.
  func constant(_ value: ValueID?) -> Tensor? { value.flatMap { graph.constants[$0] } }

  /// How often nodes, subgraphs and outputs use `value`.
  func useCount(_ value: ValueID) -> Int { uses[value] }

  /// Whether one node uses `value` once, and no subgraph and no output does.
  func isUsedOnce(_ value: ValueID) -> Bool { uses[value] == 1 && !graph.outputs.contains(value) }

  /// The only element of a constant that adds no dimensions to what it is combined with; nil in
  /// double precision, whose formulas are left as they are.
  mutating func scalar(_ value: ValueID?, beside other: ValueID?) -> Double? {
    guard let tensor = constant(value), tensor.count == 1, tensor.elementType != .float64,
      let number = try? tensor.numericElements().first
    else { return nil }
    if tensor.shape.rank > 0 {
      guard let other, let rank = facts(other)?.shape.rank, rank >= tensor.shape.rank else {
        return nil
      }
    }
    return number
  }

  /// What is known of a value from the graph's constants and declared inputs.
  mutating func facts(_ value: ValueID?) -> TensorFacts? {
    guard let value else { return nil }
    let known = known()
    return value < known.facts.count ? known.facts[value] : nil
  }

  /// What is known of a node's inputs.
  mutating func operands(of node: GraphNode) -> Operands? { known().operands(of: node) }

  private mutating func known() -> FactTable {
    if let table { return table }
    var made = FactTable(declaredBy: graph, limits: limits)
    // A node that is wrong is told of when the plan is made.
    for node in graph.nodes { try? made.visit(node) }
    table = made
    return made
  }

  /// Puts `node` in the place of the one at `index`, whose outputs it makes.
  mutating func replace(at index: Int, with node: GraphNode) {
    for case let value? in graph.nodes[index].inputs { uses[value] -= 1 }
    for value in graph.nodes[index].capturedValues { uses[value] -= 1 }
    for case let value? in graph.nodes[index].outputs { producers[value] = nil }
    for case let value? in node.inputs { uses[value] += 1 }
    for value in node.capturedValues { uses[value] += 1 }
    for case let value? in node.outputs { producers[value] = index }
    graph.nodes[index] = node
  }

  /// A new constant.
  mutating func addConstant(_ tensor: Tensor, _ name: String) -> ValueID {
    let value = graph.addValue(name)
    graph.constants[value] = tensor
    producers.append(nil)
    uses.append(0)
    table?.facts.append(TensorFacts(constant: tensor))
    return value
  }

  /// A new node with one output, to stand before the node at `index`; `make` gives its operator and
  /// inputs. Passes see it once `finished()` has put it there.
  mutating func addNode(
    before index: Int, like model: GraphNode, _ name: String,
    _ make: (inout GraphRewriter) -> (opType: String, operation: any Operator, inputs: [ValueID?])
  ) -> ValueID {
    let (opType, operation, inputs) = make(&self)
    let value = graph.addValue(name)
    producers.append(nil)
    uses.append(0)
    table?.facts.append(nil)
    for case let value? in inputs { uses[value] += 1 }
    var node = model.replaced(by: opType, operation, inputs: inputs)
    (node.name, node.outputs) = (name, [value])
    additions[index, default: []].append(node)
    return value
  }

  /// The rewritten graph without what nobody needs any more.
  func finished() throws(NetworkError) -> Graph {
    var result = graph
    if !additions.isEmpty {
      result.nodes = graph.nodes.indices.flatMap { (additions[$0] ?? []) + [graph.nodes[$0]] }
    }
    return try DeadNodeRemoval().apply(result, limits: limits)
  }
}

extension GraphNode {
  /// The only output; nil where there are several.
  var result: ValueID? {
    guard let first = outputs.first, outputs.dropFirst().allSatisfy({ $0 == nil }) else {
      return nil
    }
    return first
  }

  func input(_ index: Int) -> ValueID? { index < inputs.count ? inputs[index] : nil }

  /// A node of ONNX's own that stands in this one's place and has its name.
  func replaced(
    by opType: String, _ implementation: any Operator, inputs: [ValueID?]
  ) -> GraphNode {
    GraphNode(
      name: name, opType: opType, inputs: inputs, outputs: outputs, implementation: implementation)
  }
}

extension Graph {
  /// Whether any node's operator is an `Operation`.
  func contains<Operation: Operator>(_: Operation.Type) -> Bool {
    nodes.contains { $0.implementation is Operation }
  }
}

/// An operator that only passes make: no file can ask for it.
package protocol FusedOperator: Operator {}

extension FusedOperator {
  package init(_ node: NodeDescription) throws {
    throw OperatorFault.unsupported("an operator that only fusion makes")
  }
}
