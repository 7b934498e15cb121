// Room: Networks. Makes a graph of operators from a model file's description.

internal import ONNXFormat
internal import Tensors

/// Reads one graph, its subgraphs included; functions are replaced by their nodes.
final class GraphBuilder {
  /// What all graphs of one model share while they are built.
  final class Shared {
    let model: ONNXModel
    let functions: [String: ONNXFunction]
    let operators: OperatorRegistry
    var unsupported: [(label: String, name: String, reason: String)] = []
    var nodeCount = 0
    var depth = 0

    /// Functions may multiply nodes; nobody means more than this.
    static let nodeLimit = 1_000_000
    /// What a node takes here, roughly.
    static let bytesPerNode = 1024
    /// Functions and branches may nest this deep, which the stack of a small thread still holds.
    static let depthLimit = 40

    let limits: MemoryLimits

    init(model: ONNXModel, operators: OperatorRegistry, limits: MemoryLimits) {
      self.model = model
      self.operators = operators
      self.limits = limits
      functions = Dictionary(
        model.functions.map { (Self.key($0.domain, $0.name, $0.overload), $0) },
        uniquingKeysWith: { first, _ in first })
    }

    static func key(_ domain: String, _ name: String, _ overload: String) -> String {
      "\(domain == "ai.onnx" ? "" : domain)\n\(name)\n\(overload)"
    }

    /// Throws where the graph, its functions written out, would be too large.
    func count(_ node: ONNXNode) throws(NetworkError) {
      nodeCount += 1
      guard nodeCount <= Self.nodeLimit else {
        throw NetworkError(
          .invalidModel, "the graph has more than \(Self.nodeLimit) nodes; the file is damaged")
      }
      guard nodeCount * Self.bytesPerNode <= limits.bytes, !limits.account.isOverdrawn else {
        throw NetworkError(
          .memoryLimit,
          "\(node.label) and the \(nodeCount - 1) before it need more than the \(limits.bytes) "
            + "bytes allowed; raise the memory limit")
      }
    }

    /// Runs `body` one level deeper; throws where that is too deep.
    func nested(_ what: @autoclosure () -> String, _ body: () throws(NetworkError) -> Void)
      throws(NetworkError)
    {
      guard depth < Self.depthLimit else {
        throw NetworkError(
          .invalidModel,
          "\(what()) is nested more than \(Self.depthLimit) deep in functions and branches; "
            + "export the network with fewer of them inside each other")
      }
      depth += 1
      defer { depth -= 1 }
      try body()
    }
  }

  /// Where names are looked up: the graph's own, or a function's.
  private struct Scope {
    var values: [String: ValueID] = [:]
    var opsets: [String: Int]
    /// Inside a function: what the caller gave for each attribute.
    var attributes: [String: ONNXAttribute]?
    /// Put before node names inside a function.
    var prefix = ""
    /// A name of the enclosing graph, as a value of this one.
    var outer: ((String) -> ValueID?)?
  }

  private let shared: Shared
  private var graph: Graph

  private init(shared: Shared, opsets: [String: Int]) {
    self.shared = shared
    graph = Graph(opsets: opsets)
  }

  /// The model's graph.
  ///
  /// **Throws** one `unsupported` error that lists every operator Squall lacks, with node names.
  static func build(
    _ model: ONNXModel, operators: OperatorRegistry = OperatorRegistry(), limits: MemoryLimits
  ) throws(NetworkError) -> Graph {
    let shared = Shared(model: model, operators: operators, limits: limits)
    let builder = GraphBuilder(shared: shared, opsets: model.opsetImports)
    var scope = Scope(opsets: model.opsetImports)
    try builder.add(model.graph, to: &scope)
    if !shared.unsupported.isEmpty { throw unsupportedError(shared.unsupported) }
    return builder.graph
  }

  private static func unsupportedError(
    _ list: [(label: String, name: String, reason: String)]
  ) -> NetworkError {
    let lines = list.map { $0.reason.isEmpty ? $0.label : "\($0.label): \($0.reason)" }
    var names: [String] = []
    var known: Set<String> = []
    for entry in list where known.insert(entry.name).inserted { names.append(entry.name) }
    return NetworkError(
      .unsupported,
      "the network needs what Squall lacks: " + lines.joined(separator: "; ")
        + "; export it with other operators or add these",
      operators: names)
  }

  // MARK: Graphs

  private func add(_ source: ONNXGraph, to scope: inout Scope) throws(NetworkError) {
    for name in source.initializerNames {
      guard let tensor = source.initializers[name] else { continue }
      let value = graph.addValue(name)
      scope.values[name] = value
      do {
        graph.constants[value] = try Tensor(tensor)
      } catch {
        noteUnsupported("initialiser '\(name)'", "Constant", error)
      }
    }
    for (name, tensor) in source.sparseInitializers {
      let value = graph.addValue(name)
      scope.values[name] = value
      do {
        graph.constants[value] = try Tensor(tensor)
      } catch {
        noteUnsupported("initialiser '\(name)'", "Constant", error)
      }
    }
    graph.hasHalfWeights = graph.constants.values.contains(where: \.isHalfWeights)
    for input in source.inputs {
      let description = ValueDescription(input)
      if let value = scope.values[input.name] {
        graph.inputs.append(
          GraphInput(
            value: value, declared: description, defaultValue: graph.constants[value]))
      } else {
        let value = graph.addValue(input.name)
        scope.values[input.name] = value
        graph.inputs.append(GraphInput(value: value, declared: description))
      }
    }
    for node in source.nodes { try add(node, scope: &scope) }
    for output in source.outputs {
      guard let value = resolve(output.name, scope: &scope) else {
        throw NetworkError(
          .invalidModel, "output '\(output.name)' is made by no node; write the file again")
      }
      graph.outputs.append(value)
      graph.declaredOutputs.append(ValueDescription(output))
    }
  }

  private func resolve(_ name: String, scope: inout Scope) -> ValueID? {
    if let value = scope.values[name] { return value }
    guard let value = scope.outer?(name) else { return nil }
    scope.values[name] = value
    return value
  }

  // MARK: Nodes

  private func add(_ node: ONNXNode, scope: inout Scope) throws(NetworkError) {
    try shared.count(node)
    let domain = node.domain == "ai.onnx" ? "" : node.domain
    if !shared.operators.isRegistered(node.opType, domain: domain),
      let function = shared.functions[Shared.key(domain, node.opType, node.overload)]
    {
      return try shared.nested(node.label) { () throws(NetworkError) in
        try inline(function, node, scope: &scope)
      }
    }
    var name = node.name
    if name.isEmpty { name = node.outputs.first { !$0.isEmpty } ?? node.opType }
    name = scope.prefix + name
    var inputs: [ValueID?] = []
    for input in node.inputs {
      if input.isEmpty {
        inputs.append(nil)
      } else if let value = resolve(input, scope: &scope) {
        inputs.append(value)
      } else {
        throw NetworkError(
          .invalidModel,
          "node '\(name)' (\(node.opType)) needs '\(input)', which nothing makes")
      }
    }
    while inputs.last == .some(nil) { inputs.removeLast() }
    var outputs: [ValueID?] = []
    for output in node.outputs {
      outputs.append(output.isEmpty ? nil : graph.addValue(output))
    }
    let opset = scope.opsets[domain] ?? scope.opsets["ai.onnx"] ?? 1
    var description = NodeDescription(
      opType: node.opType, domain: domain, opset: opset,
      inputPresence: inputs.map { $0 != nil }, outputPresence: outputs.map { $0 != nil },
      name: name)
    var captured: [ValueID] = []
    for (key, attribute) in node.attributes {
      if let value = try self.attribute(attribute, scope: &scope, captured: &captured) {
        description.attributes[key] = value
        if case .tensor(let tensor) = value, tensor.isHalfWeights { graph.hasHalfWeights = true }
      }
    }
    for (output, value) in zip(node.outputs, outputs) where value != nil {
      scope.values[output] = value
    }
    let label = "node '\(name)' (\(domain.isEmpty ? node.opType : "\(domain).\(node.opType)"))"
    let qualified = domain.isEmpty ? node.opType : "\(domain).\(node.opType)"
    guard let type = shared.operators.type(node.opType, domain: domain) else {
      shared.unsupported.append((label, qualified, ""))
      return
    }
    guard !domain.isEmpty || type.versions.contains(opset) else {
      shared.unsupported.append((label, qualified, "in opset \(opset)"))
      return
    }
    do {
      try graph.append(
        GraphNode(
          name: name, opType: node.opType, domain: domain, inputs: inputs, outputs: outputs,
          implementation: try type.init(description), capturedValues: captured,
          description: description))
    } catch let fault as OperatorFault where fault.kind == .unsupported {
      shared.unsupported.append((label, qualified, fault.message))
    } catch {
      throw NetworkError(
        .invalidGraph, "\(label): \((error as? OperatorFault)?.message ?? "\(error)")")
    }
  }

  private func noteUnsupported(_ label: String, _ name: String, _ error: any Error) {
    let reason = (error as? OperatorFault)?.message ?? "\(error)"
    shared.unsupported.append((label, name, reason))
  }

  /// The attribute's value; nil for a reference that the function's caller left without one.
  private func attribute(
    _ attribute: ONNXAttribute, scope: inout Scope, captured: inout [ValueID]
  ) throws(NetworkError) -> AttributeValue? {
    func tensor(_ tensor: ONNXTensor) -> AttributeValue {
      do {
        return .tensor(try Tensor(tensor))
      } catch {
        return .unusable((error as? OperatorFault)?.message ?? "\(error)")
      }
    }
    switch attribute {
    case .float(let value): return .float(value)
    case .int(let value): return .int(value)
    case .string(let value): return .string(value)
    case .floats(let values): return .floats(values)
    case .ints(let values): return .ints(values)
    case .strings(let values): return .strings(values)
    case .tensor(let value): return tensor(value)
    case .tensors(let values):
      var tensors: [Tensor] = []
      for value in values {
        guard case .tensor(let tensor) = tensor(value) else {
          return .unusable("tensors of an element type that Squall lacks")
        }
        tensors.append(tensor)
      }
      return .tensors(tensors)
    case .graph(let source):
      return .graph(
        Subgraph(graph: try subgraph(source, scope: &scope, captured: &captured)))
    case .sparseTensor(let value):
      do {
        return .tensor(try Tensor(value))
      } catch {
        return .unusable((error as? OperatorFault)?.message ?? "\(error)")
      }
    case .type(let type): return .type(ValueDescription.elementType(type))
    case .reference(let name):
      guard let value = scope.attributes?[name] else { return nil }
      return try self.attribute(value, scope: &scope, captured: &captured)
    case .graphs: return .unusable("a list of graphs")
    case .sparseTensors: return .unusable("a list of sparse tensors")
    case .types: return .unusable("a list of types")
    }
  }

  // MARK: Subgraphs and functions

  private func subgraph(
    _ source: ONNXGraph, scope: inout Scope, captured: inout [ValueID]
  ) throws(NetworkError) -> Graph {
    let child = GraphBuilder(shared: shared, opsets: scope.opsets)
    var outerScope = scope
    var slots = captured
    var inner = Scope(opsets: scope.opsets, attributes: scope.attributes, prefix: scope.prefix)
    // The closure only lives as long as the child is built, inside this call.
    inner.outer = { name in
      guard let value = self.resolve(name, scope: &outerScope) else { return nil }
      let slot: Int
      if let known = slots.firstIndex(of: value) {
        slot = known
      } else {
        slots.append(value)
        slot = slots.count - 1
      }
      let own = child.graph.addValue(name)
      child.graph.captures.append((slot, own))
      return own
    }
    try shared.nested("a graph with \(source.nodes.count) nodes") { () throws(NetworkError) in
      try child.add(source, to: &inner)
    }
    scope = outerScope
    captured = slots
    return child.graph
  }

  private func inline(
    _ function: ONNXFunction, _ call: ONNXNode, scope: inout Scope
  ) throws(NetworkError) {
    let name = call.name.isEmpty ? function.name : call.name
    var inner = Scope(
      opsets: scope.opsets.merging(function.opsetImports) { _, own in own },
      attributes: function.attributeDefaults.filter { entry in
        // A default has no function around it that it could refer to.
        if case .reference = entry.value { false } else { true }
      }, prefix: "\(scope.prefix)\(name)/")
    for (key, attribute) in call.attributes {
      if case .reference(let outerName) = attribute {
        if let value = scope.attributes?[outerName] { inner.attributes?[key] = value }
      } else {
        inner.attributes?[key] = attribute
      }
    }
    for (parameter, argument) in zip(function.inputs, call.inputs) where !argument.isEmpty {
      guard let value = resolve(argument, scope: &scope) else {
        throw NetworkError(
          .invalidModel,
          "node '\(name)' (\(function.name)) needs '\(argument)', which nothing makes")
      }
      inner.values[parameter] = value
    }
    let omitted = Set(function.inputs).subtracting(inner.values.keys)
    for var node in function.nodes {
      for index in node.inputs.indices where omitted.contains(node.inputs[index]) {
        node.inputs[index] = ""
      }
      try add(node, scope: &inner)
    }
    for (result, output) in zip(function.outputs, call.outputs) where !output.isEmpty {
      guard let value = inner.values[result] else {
        throw NetworkError(
          .invalidModel, "function '\(function.name)' does not make its output '\(result)'")
      }
      scope.values[output] = value
    }
  }
}
