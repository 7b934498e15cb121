// Room: ONNXFormat. Names, single assignment, and order: what makes a graph one that can run.

/// The graph with its nodes, and those of its branches and loops, sorted; all its values are made.
func sortedModelGraph(
  _ graph: ONNXGraph, _ context: ReadingContext
) throws(ONNXError) -> ONNXGraph {
  var graph = graph
  let missing = try sort(&graph, context)
  if let value = missing.values.min(by: { $0.order < $1.order }) {
    throw value.error
  }
  return graph
}

/// A function's nodes, sorted; all its values are made.
func sortedFunctionNodes(
  _ nodes: [ONNXNode], inputs: [String], outputs: [String], _ context: ReadingContext
) throws(ONNXError) -> [ONNXNode] {
  var graph = ONNXGraph()
  graph.nodes = nodes
  graph.inputs = inputs.map { ONNXValueInfo(name: $0, type: nil) }
  graph.outputs = outputs.map { ONNXValueInfo(name: $0, type: nil) }
  return try sortedModelGraph(graph, context).nodes
}

/// A value that a graph uses and does not make: the graph around it must.
private struct MissingValue {
  let name: String
  /// Who wants it, for the error.
  let user: String
  /// The earliest first, so that the error is the same every time.
  let order: Int

  var error: ONNXError {
    ONNXError(
      .invalidGraph,
      "\(user) needs the value \(ONNXError.quoted(name)), which nothing makes; "
        + "export the network again")
  }
}

/// Sorts the nodes of `graph` and of the graphs inside it; the answer is what it takes from outside.
private func sort(
  _ graph: inout ONNXGraph, _ context: ReadingContext
) throws(ONNXError) -> [String: MissingValue] {
  var captured: [[String]] = []
  var missing: [String: MissingValue] = [:]
  for index in graph.nodes.indices {
    let inner = try sortSubgraphs(&graph.nodes[index], context)
    captured.append(inner.keys.sorted())
    for value in inner.values {
      missing[value.name] = MissingValue(name: value.name, user: value.user, order: index)
    }
  }

  let makers = try makers(in: graph)
  var needs: [[Int]] = []
  needs.reserveCapacity(graph.nodes.count)
  for (index, node) in graph.nodes.enumerated() {
    var nodeNeeds: [Int] = []
    for name in node.inputs where !name.isEmpty {
      if let maker = makers[name] {
        if maker >= 0 { nodeNeeds.append(maker) }
      } else if missing[name] == nil {
        missing[name] = MissingValue(name: name, user: node.label, order: index)
      }
    }
    for name in captured[index] {
      if let maker = makers[name], maker >= 0 { nodeNeeds.append(maker) }
    }
    needs.append(nodeNeeds)
  }
  for output in graph.outputs where makers[output.name] == nil && missing[output.name] == nil {
    missing[output.name] = MissingValue(
      name: output.name, user: "output \(ONNXError.quoted(output.name))", order: graph.nodes.count)
  }
  for name in missing.keys where makers[name] != nil { missing[name] = nil }

  if let order = try sortedOrder(needs, labels: { graph.nodes[$0].label }) {
    context.remark(
      "graph \(ONNXError.quoted(graph.name)) had its nodes out of order; they were sorted")
    let nodes = graph.nodes
    graph.nodes = order.map { nodes[$0] }
  }
  return missing
}

/// Sorts the graphs in the attributes of `node`; the answer is what they take from around them.
private func sortSubgraphs(
  _ node: inout ONNXNode, _ context: ReadingContext
) throws(ONNXError) -> [String: MissingValue] {
  guard node.attributes.values.contains(where: { !$0.subgraphs.isEmpty }) else { return [:] }
  var missing: [String: MissingValue] = [:]
  let label = node.label
  for (name, attribute) in node.attributes {
    var graphs = attribute.subgraphs
    guard !graphs.isEmpty else { continue }
    for index in graphs.indices {
      let inner = try within("\(label), graph \(ONNXError.quoted(name))") {
        () throws(ONNXError) in
        try sort(&graphs[index], context)
      }
      missing.merge(inner) { first, second in first.user <= second.user ? first : second }
    }
    if case .graph = attribute, let graph = graphs.first {
      node.attributes[name] = .graph(graph)
    } else {
      node.attributes[name] = .graphs(graphs)
    }
  }
  return missing
}

/// The index of the node that makes each value, or -1 for inputs and constants; each is made once.
private func makers(in graph: ONNXGraph) throws(ONNXError) -> [String: Int] {
  var makers: [String: Int] = [:]
  for input in graph.inputs {
    guard makers.updateValue(-1, forKey: input.name) == nil else {
      throw ONNXError(
        .invalidGraph,
        "two inputs are named \(ONNXError.quoted(input.name)); export the network again")
    }
  }
  for name in graph.initializers.keys { makers[name] = -1 }
  for name in graph.sparseInitializers.keys { makers[name] = -1 }
  for (index, node) in graph.nodes.enumerated() {
    for name in node.outputs where !name.isEmpty {
      guard let other = makers.updateValue(index, forKey: name) else { continue }
      let first = other < 0 ? "an input or constant" : graph.nodes[other].label
      throw ONNXError(
        .invalidGraph,
        "\(node.label) makes the value \(ONNXError.quoted(name)), which \(first) already is "
          + "or makes; export the network again")
    }
  }
  return makers
}

/// An order in which every item comes after those it needs and otherwise keeps its place; nil where
/// that is the present order.
///
/// **Complexity.** Linear in items and needs; no recursion, whatever the length of a chain.
func sortedOrder(
  _ needs: [[Int]], labels: (Int) -> String
) throws(ONNXError) -> [Int]? {
  let isSorted = needs.indices.allSatisfy { index in needs[index].allSatisfy { $0 < index } }
  if isSorted { return nil }

  enum Mark { case untouched, waiting, done }
  var marks = [Mark](repeating: .untouched, count: needs.count)
  var order: [Int] = []
  var path: [(item: Int, next: Int)] = []
  for start in needs.indices where marks[start] == .untouched {
    path.append((start, 0))
    marks[start] = .waiting
    while let (item, next) = path.last {
      guard next < needs[item].count else {
        marks[item] = .done
        order.append(item)
        path.removeLast()
        continue
      }
      path[path.count - 1].next += 1
      let needed = needs[item][next]
      switch marks[needed] {
      case .done: continue
      case .untouched:
        marks[needed] = .waiting
        path.append((needed, 0))
      case .waiting:
        throw cycle(path.map(\.item), from: needed, labels: labels)
      }
    }
  }
  return order
}

private func cycle(_ path: [Int], from start: Int, labels: (Int) -> String) -> ONNXError {
  let circle = path.drop { $0 != start }
  let shown = circle.prefix(4).map(labels).joined(separator: " needs ")
  let rest = circle.count > 4 ? " and \(circle.count - 4) more" : ""
  return ONNXError(
    .cycle, "\(shown)\(rest) wait for each other in a circle; export the network again")
}
