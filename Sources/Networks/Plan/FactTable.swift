// Room: Networks. What is known of every value before running: types, shapes, and contents where
// they follow from constants and shapes alone.

package import Tensors

/// The facts of a graph's values, filled node by node.
package struct FactTable: Sendable {
  /// How much a constant may grow by being computed beforehand.
  package static let foldingAllowance = 64 << 10
  /// How many iterations of constant loops are done beforehand.
  private static let foldedIterations = 1000

  /// By value; nil where only the run will tell.
  package var facts: [TensorFacts?]
  package var limits: MemoryLimits

  /// The facts of a graph's constants and, where given, of its inputs.
  package init(_ graph: Graph, inputs: [ValueID: TensorFacts], limits: MemoryLimits) {
    facts = [TensorFacts?](repeating: nil, count: graph.names.count)
    self.limits = limits
    for (value, tensor) in graph.constants { facts[value] = TensorFacts(constant: tensor) }
    for (value, known) in inputs { facts[value] = known }
  }

  /// The facts of a graph's constants and of the inputs whose types and shapes it wholly declares.
  package init(declaredBy graph: Graph, limits: MemoryLimits) {
    var known: [ValueID: TensorFacts] = [:]
    for input in graph.inputs {
      guard input.declared.kind == .tensor, let type = input.declared.elementType,
        let dimensions = input.declared.dimensions
      else { continue }
      var lengths: [Int] = []
      for case .fixed(let length) in dimensions { lengths.append(length) }
      guard lengths.count == dimensions.count,
        let facts = try? TensorFacts(type, checking: lengths)
      else { continue }
      known[input.value] = facts
    }
    self.init(graph, inputs: known, limits: limits)
  }

  /// The node's inputs, nil when one is not known yet.
  package func operands(of node: GraphNode) -> Operands? {
    var known: [TensorFacts?] = []
    for input in node.inputs {
      if let input {
        guard let facts = facts[input] else { return nil }
        known.append(facts)
      } else {
        known.append(nil)
      }
    }
    return Operands(known, wantedOutputs: node.outputs.map { $0 != nil })
  }

  /// Whether the contents that the operator's shapes depend on are known.
  package static func hasNeededContents(_ node: GraphNode, _ operands: Operands) -> Bool {
    node.implementation.valueInputs.allSatisfy { index in
      operands[index].map { $0.constant != nil } ?? true
    }
  }

  /// Infers a node's outputs and computes them when everything they depend on is known.
  ///
  /// The outputs' facts stay nil when only the run will tell.
  package mutating func visit(_ node: GraphNode) throws(NetworkError) {
    guard let operands = operands(of: node) else { return }
    do {
      let allConstant = operands.facts.allSatisfy { $0 == nil || $0?.constant != nil }
      if let dynamic = node.implementation.asDynamic {
        if allConstant { try evaluate(dynamic, node, operands) }
        return
      }
      guard Self.hasNeededContents(node, operands) else { return }
      var outputs = try node.implementation.infer(operands)
      guard outputs.count >= node.outputs.count else {
        throw OperatorFault.invalid(
          "names \(node.outputs.count) outputs, but the operator has \(outputs.count)")
      }
      outputs.removeLast(outputs.count - node.outputs.count)
      // Before anything is made for the sizes that a file or a caller asks for.
      for case let output? in outputs { try limits.check(output.shape, output.elementType) }
      if allConstant, node.implementation.isDeterministic, mayFold(operands, outputs) {
        try fold(node, operands, &outputs)
      }
      for (value, known) in zip(node.outputs, outputs) {
        if let value, let known { facts[value] = known }
      }
    } catch {
      throw node.fault(error)
    }
  }

  private func mayFold(_ operands: Operands, _ outputs: [TensorFacts?]) -> Bool {
    if outputs.allSatisfy({ $0 == nil || $0?.constant != nil }) { return false }
    let given = operands.facts.reduce(0) { $0 + ($1?.byteCount ?? 0) }
    let made = outputs.reduce(0) { $0.addingReportingOverflow($1?.byteCount ?? 0).partialValue }
    return made >= 0 && made <= 4 * given + Self.foldingAllowance
  }

  private func fold(
    _ node: GraphNode, _ operands: Operands, _ outputs: inout [TensorFacts?]
  ) throws {
    if node.implementation is CastOperator, outputs.first??.elementType == .float32,
      let halves = operands[0]?.constant, halves.elementType.isHalf
    {
      outputs[0]?.constant = halves.widenedWeights()
      return
    }
    if let index = node.implementation.viewedInput(operands), outputs.count == 1,
      let facts = outputs[0], let source = operands[index]?.constant, source.isContiguous,
      source.elementType == facts.elementType, source.count == facts.shape.count
    {
      outputs[0]?.constant = try source.reshaped(to: facts.shape)
      return
    }
    if let operation = node.implementation as? TransposeOperator,
      let weights = operands[0]?.constant
    {
      outputs[0]?.constant = try operation.transposed(weights)
      return
    }
    let keys = StoredConstants.keys(node, operands, outputs)
    if let keys, let stored = StoredConstants.find(keys, outputs) {
      for (index, constant) in zip(outputs.indices, stored) { outputs[index]?.constant = constant }
      return
    }
    let kernel = try node.implementation.prepareWidened(operands, outputs: outputs, limits: limits)
    let results = try Kernel.run(
      kernel, inputs: operands.facts.map { $0?.constant }, outputs: outputs, limits: limits)
    for index in outputs.indices where outputs[index] != nil {
      outputs[index]?.constant =
        keys.map { StoredConstants.kept(results[index], $0[index]) } ?? results[index]
    }
    for case let constant? in operands.facts.map({ $0?.constant }) { constant.letGoOfPages() }
  }

  private mutating func evaluate(
    _ dynamic: any DynamicOperator, _ node: GraphNode, _ operands: Operands
  ) throws {
    // A branch or a body is compiled after the graph around it.
    let isReady =
      (dynamic.asSubgraphs)?.subgraphs.allSatisfy(\.isCompiled) ?? true
    guard isReady, node.capturedValues.isEmpty, dynamic.isDeterministic,
      operands.facts.reduce(0, { $0 + ($1?.byteCount ?? 0) }) <= Self.foldingAllowance
    else { return }
    let inputs = DynamicInputs(
      values: operands.facts.map { $0?.constant.map { .tensor($0) } }, captured: [],
      outputCount: node.outputs.count, limits: limits,
      monitor: RunMonitor(iterationLimit: Self.foldedIterations))
    let results: [NetworkValue?]
    do {
      results = try dynamic.evaluate(inputs)
    } catch  where dynamic.asSubgraphs != nil {
      // A long loop belongs into the run, and what is wrong with a body will be wrong there too.
      return
    }
    // Sequences and optionals stay with the run: they have no facts.
    guard results.count >= node.outputs.count,
      zip(node.outputs, results).allSatisfy({ $0 == nil || $1?.tensor != nil })
    else { return }
    for (value, result) in zip(node.outputs, results) {
      if let value, let tensor = result?.tensor { facts[value] = TensorFacts(constant: tensor) }
    }
  }
}

extension Kernel {
  /// Runs `kernel` into fresh tensors.
  package static func run(
    _ kernel: Kernel, inputs: [Tensor?], outputs: [TensorFacts?], limits: MemoryLimits
  ) throws -> [Tensor?] {
    var results: [Tensor?] = []
    for facts in outputs { results.append(try facts.map { try limits.allocate($0) }) }
    let scratch = try Arena(byteCount: kernel.scratchBytes, limits: limits)
    try withExtendedLifetime(scratch) {
      try kernel.run(
        KernelArguments(inputs: inputs, outputs: results, scratch: scratch.bytes))
    }
    return results
  }
}
