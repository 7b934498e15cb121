// Room: Networks. Pass: half-precision values stay in float32 between nodes that compute in it.

internal import ONNXFormat
internal import Tensors

/// Lets neighbouring nodes hand on half-precision values in float32, in which they compute anyway.
///
/// A kernel widens halves and rounds its results back. Between two such kernels the rounding costs
/// accuracy and the conversions cost time. After this pass only the graph's own inputs and outputs,
/// explicit `Cast`s to half precision, and nodes that do not compute in float32 still have halves;
/// constants are widened once. float16 and bfloat16 are treated alike.
///
/// A graph without weights in half precision is left as it is: it spells out arithmetic that its
/// author wants rounded at every step, as the expanded functions of ONNX's own cases do.
///
/// The pass needs to know every type, and so does its work where shapes are known.
package struct HalfWidening: GraphPass {
  package let name = "half-widening"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.hasHalfWeights else { return graph }
    var table = FactTable(declaredBy: graph, limits: limits)
    // A node that is wrong is told of when the plan is made.
    for node in graph.nodes { try? table.visit(node) }
    var work = HalfWideningWork(graph, table)
    return try work.run()
  }
}

private struct HalfWideningWork {
  private let graph: Graph
  private let table: FactTable
  /// By value: whether it is known to be in half precision.
  private let isHalf: [Bool]
  private let producers: [Int?]
  private var result: Graph
  /// The float32 values that stand for half-precision ones.
  private var twins: [ValueID: ValueID] = [:]

  init(_ graph: Graph, _ table: FactTable) {
    (self.graph, self.table, result) = (graph, table, graph)
    producers = graph.producers()
    isHalf = graph.names.indices.map { table.facts[$0]?.elementType.isHalf ?? false }
  }

  mutating func run() throws(NetworkError) -> Graph {
    let isWide = wideNodes()
    guard isWide.contains(true) else { return graph }
    var neededAsHalves = Set(graph.outputs)
    for (node, wide) in zip(graph.nodes, isWide) {
      neededAsHalves.formUnion(node.capturedValues)
      if !wide { neededAsHalves.formUnion(node.inputs.compactMap { $0 }) }
    }
    result.nodes = []
    do {
      for (var node, wide) in zip(graph.nodes, isWide) {
        guard wide else {
          result.nodes.append(node)
          continue
        }
        for (index, input) in node.inputs.enumerated() {
          if let input, isHalf[input] { node.inputs[index] = try twin(of: input) }
        }
        var rounded: [GraphNode] = []
        for (index, output) in node.outputs.enumerated() {
          guard let output, isHalf[output], let type = table.facts[output]?.elementType else {
            continue
          }
          let wide = result.addValue(graph.names[output])
          twins[output] = wide
          node.outputs[index] = wide
          if neededAsHalves.contains(output) {
            rounded.append(try cast(wide, to: type, as: output))
          }
        }
        result.nodes += [node] + rounded
      }
    } catch {
      throw NetworkError(.memoryLimit, "\(error)")
    }
    return result
  }

  /// Nodes that compute halves in float32, and those between them that adapt.
  private func wideNodes() -> [Bool] {
    var isWide = graph.nodes.map { node in
      isKnown(node) && node.implementation.widening.contains(.halves)
    }
    var touches = [Bool](repeating: false, count: graph.names.count)
    func touch(_ node: GraphNode) {
      for case let value? in node.inputs + node.outputs where isHalf[value] {
        if graph.constants[value] == nil { touches[value] = true }
      }
    }
    for (node, wide) in zip(graph.nodes, isWide) where wide { touch(node) }
    // Nodes that adapt join from both sides, until none has a wide neighbour.
    let adapting = graph.nodes.indices.filter {
      graph.nodes[$0].implementation.widening.contains(.adapts) && isKnown(graph.nodes[$0])
    }
    var changed = true
    while changed {
      changed = false
      for index in adapting where !isWide[index] {
        let node = graph.nodes[index]
        let beside = (node.inputs + node.outputs).contains { value in
          value.map { touches[$0] } ?? false
        }
        guard beside else { continue }
        isWide[index] = true
        changed = true
        touch(node)
      }
    }
    for (index, node) in graph.nodes.enumerated() where widensWide(node, isWide) {
      isWide[index] = true
    }
    return isWide
  }

  /// Whether the node has halves among its values, all of whose types are known.
  private func isKnown(_ node: GraphNode) -> Bool {
    let values = (node.inputs + node.outputs).compactMap { $0 }
    return (node.implementation.asDynamic == nil)
      && values.allSatisfy { table.facts[$0] != nil } && values.contains { isHalf[$0] }
  }

  /// Whether the node is a `Cast` to float32 of what a wide node makes: its twin needs none.
  private func widensWide(_ node: GraphNode, _ isWide: [Bool]) -> Bool {
    guard node.implementation is CastOperator, let input = node.input(0), isHalf[input],
      let output = node.result, let maker = producers[input]
    else { return false }
    return isWide[maker] && table.facts[output]?.elementType == .float32
  }

  private mutating func twin(of value: ValueID) throws -> ValueID {
    if let known = twins[value] { return known }
    let twin = result.addValue(graph.names[value])
    twins[value] = twin
    if let constant = graph.constants[value] {
      result.constants[twin] = constant.widenedWeights()
    } else {
      result.nodes.append(try cast(value, to: .float32, as: twin))
    }
    return twin
  }

  private func cast(
    _ value: ValueID, to type: ElementType, as target: ValueID
  ) throws -> GraphNode {
    let description = NodeDescription(
      opType: "Cast", opset: Opset.newest,
      attributes: ["to": .int(Int(type.onnx.rawValue))], inputPresence: [true])
    return GraphNode(
      name: "\(result.names[value]) as \(type.rawValue)", opType: "Cast", inputs: [value],
      outputs: [target], implementation: try CastOperator(description), description: description)
  }
}
