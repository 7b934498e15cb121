// Room: ONNXFormat. Reads `GraphProto`, `NodeProto` and `FunctionProto`.

/// Reads a `GraphProto`; its nodes are still in the file's order.
func readGraph(
  _ message: WireReader, _ context: ReadingContext
) throws(ONNXError) -> ONNXGraph {
  var reader = message
  var graph = ONNXGraph()
  while let field = try reader.nextField() {
    switch field.number {
    case 1:
      let node = try reader.message(field)
      graph.nodes.append(
        try within("node \(graph.nodes.count)") { () throws(ONNXError) in
          try readNode(node, context)
        })
    case 2: graph.name = try reader.text(field)
    case 5:
      let tensor = try within("initialiser \(graph.initializers.count)") {
        () throws(ONNXError) in
        try readTensor(try reader.message(field), context)
      }
      try requireNew(tensor.name, in: graph)
      graph.initializers[tensor.name] = tensor
      graph.initializerNames.append(tensor.name)
    case 10: graph.documentation = try reader.text(field)
    case 11: graph.inputs.append(try readValueInfo(try reader.message(field)))
    case 12: graph.outputs.append(try readValueInfo(try reader.message(field)))
    case 13: graph.valueInfo.append(try readValueInfo(try reader.message(field)))
    case 15:
      let tensor = try within("sparse initialiser \(graph.sparseInitializers.count)") {
        () throws(ONNXError) in
        try readSparseTensor(try reader.message(field), context)
      }
      try requireNew(tensor.name, in: graph)
      graph.sparseInitializers[tensor.name] = tensor
    default: try reader.skip(field)
    }
  }
  return graph
}

private func requireNew(_ name: String, in graph: ONNXGraph) throws(ONNXError) {
  guard !name.isEmpty else {
    throw ONNXError(.invalidGraph, "an initialiser has no name; export the network again")
  }
  guard graph.initializers[name] == nil, graph.sparseInitializers[name] == nil else {
    throw ONNXError(
      .invalidGraph,
      "two initialisers are named \(ONNXError.quoted(name)); export the network again")
  }
}

/// Reads a `NodeProto`.
func readNode(
  _ message: WireReader, _ context: ReadingContext
) throws(ONNXError) -> ONNXNode {
  var reader = message
  var node = ONNXNode(opType: "", inputs: [], outputs: [])
  while let field = try reader.nextField() {
    switch field.number {
    case 1: node.inputs.append(try reader.name(field))
    case 2: node.outputs.append(try reader.name(field))
    case 3: node.name = try reader.text(field)
    case 4: node.opType = try reader.name(field)
    case 5:
      let (name, value) = try readAttribute(try reader.message(field), context)
      guard node.attributes.updateValue(value, forKey: name) == nil else {
        throw ONNXError(
          .invalidGraph,
          "has attribute \(ONNXError.quoted(name)) twice; export the network again")
      }
    case 7: node.domain = canonicalDomain(try reader.name(field))
    case 8: node.overload = try reader.name(field)
    default: try reader.skip(field)
    }
  }
  guard !node.opType.isEmpty else {
    throw ONNXError(.invalidGraph, "names no operator; the file is damaged")
  }
  return node
}

/// Reads a `FunctionProto`, sorted and checked.
func readFunction(
  _ message: WireReader, _ context: ReadingContext
) throws(ONNXError) -> ONNXFunction {
  var reader = message
  var name = ""
  var domain = ""
  var overload = ""
  var inputs: [String] = []
  var outputs: [String] = []
  var attributeNames: [String] = []
  var attributeDefaults: [String: ONNXAttribute] = [:]
  var nodes: [ONNXNode] = []
  var opsets: [String: Int] = [:]
  var valueInfo: [ONNXValueInfo] = []
  while let field = try reader.nextField() {
    switch field.number {
    case 1: name = try reader.name(field)
    case 4: inputs.append(try reader.name(field))
    case 5: outputs.append(try reader.name(field))
    case 6: attributeNames.append(try reader.name(field))
    case 7:
      let node = try reader.message(field)
      nodes.append(
        try within("node \(nodes.count)") { () throws(ONNXError) in try readNode(node, context) })
    case 9: try ModelReader.addOpset(try reader.message(field), to: &opsets)
    case 10: domain = canonicalDomain(try reader.name(field))
    case 11:
      let (name, value) = try readAttribute(try reader.message(field), context)
      attributeDefaults[name] = value
    case 12: valueInfo.append(try readValueInfo(try reader.message(field)))
    case 13: overload = try reader.name(field)
    default: try reader.skip(field)
    }
  }
  guard !name.isEmpty else {
    throw ONNXError(.invalidGraph, "has no name; the file is damaged")
  }
  let sorted = try within(ONNXError.quoted(name)) { () throws(ONNXError) in
    try sortedFunctionNodes(nodes, inputs: inputs, outputs: outputs, context)
  }
  return ONNXFunction(
    name: name, domain: domain, overload: overload, inputs: inputs, outputs: outputs,
    attributeNames: attributeNames, attributeDefaults: attributeDefaults, nodes: sorted,
    opsetImports: opsets, valueInfo: valueInfo)
}

extension ONNXFunction {
  /// The same function, with the model's operator sets where it gives none of its own.
  func inheriting(_ opsets: [String: Int]) -> ONNXFunction {
    ONNXFunction(
      name: name, domain: domain, overload: overload, inputs: inputs, outputs: outputs,
      attributeNames: attributeNames, attributeDefaults: attributeDefaults, nodes: nodes,
      opsetImports: opsets.merging(opsetImports) { _, own in own }, valueInfo: valueInfo)
  }
}
