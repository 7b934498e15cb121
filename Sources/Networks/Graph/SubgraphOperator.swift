// Room: Networks. Operators with branches or bodies: their graphs are compiled after the graph
// around them, so that constants of that graph are constants inside too.

package import Tensors

/// An operator whose attributes hold graphs, as `If`, `Loop` and `Scan` have them.
package protocol SubgraphOperator: DynamicOperator {
  /// The graphs, each with what compilation makes of it.
  var subgraphs: [CompiledSubgraph] { get set }
}

extension SubgraphOperator {
  package var isDeterministic: Bool { subgraphs.allSatisfy { $0.graph.isDeterministic } }
}

/// A branch or a body: first a graph, then a network of its own.
package struct CompiledSubgraph: Sendable {
  package private(set) var graph: Graph
  private var core: NetworkCore?
  /// The captured values that are still variable, by their place in the node's `capturedValues`.
  private var capturedSlots: [Int] = []
  /// How many inputs the graph itself declares.
  package let inputCount: Int

  package init(_ graph: Graph) {
    self.graph = graph
    inputCount = graph.inputs.count
  }

  /// Compiles the graph, given the captured values that are constants.
  package mutating func compile(
    constants: [Int: Tensor], passes: [any GraphPass], limits: MemoryLimits
  ) throws(NetworkError) {
    for (slot, inner) in graph.captures {
      if let constant = constants[slot] {
        graph.constants[inner] = constant
        if constant.isHalfWeights { graph.hasHalfWeights = true }
      } else {
        let name = graph.names[inner]
        graph.inputs.append(
          GraphInput(
            value: inner,
            declared: ValueDescription(name: name, elementType: nil, dimensions: nil)))
        capturedSlots.append(slot)
      }
    }
    graph.captures = []
    // What a body declares is not checked against what it is given: plans go by the latter.
    for index in graph.inputs.indices where graph.inputs[index].declared.kind == .tensor {
      graph.inputs[index].declared.elementType = nil
      graph.inputs[index].declared.dimensions = nil
    }
    core = try GraphCompiler.compile(graph, passes: passes, limits: limits)
  }

  /// The graph to put in the node's place, and its values for the node's `capturedValues` that are
  /// not constants yet, by place.
  package var inlined: (graph: Graph, captures: [(slot: Int, inner: ValueID)]) {
    guard let core else { return (graph, graph.captures) }
    let captured = core.graph.inputs.suffix(capturedSlots.count).map(\.value)
    return (core.graph, zip(capturedSlots, captured).map { ($0, $1) })
  }

  /// Whether the graph can be run.
  package var isCompiled: Bool { core != nil }

  /// The type and the shape that output `index` has for inputs like these; nil where only a run
  /// would tell.
  package func plannedOutput(
    _ index: Int, _ inputs: [NetworkValue], _ context: DynamicInputs
  ) -> TensorFacts? {
    guard let core, index < core.graph.outputs.count,
      let all = try? withCaptures(inputs, context),
      let planned = try? core.planned(
        for: all.map { $0.tensor.map { TensorFacts($0.elementType, $0.shape) } })
    else { return nil }
    let outputs = planned.plan.graph.outputs
    return index < outputs.count ? planned.plan.facts(of: outputs[index]) : nil
  }

  private func withCaptures(
    _ inputs: [NetworkValue], _ context: DynamicInputs
  ) throws -> [NetworkValue] {
    guard inputs.count == inputCount else {
      throw OperatorFault.invalid(
        "its graph has \(inputCount) inputs and \(inputs.count) were given")
    }
    var all = inputs
    for slot in capturedSlots {
      guard slot < context.captured.count, let value = context.captured[slot] else {
        throw OperatorFault.invalid("a value from outside its graph is missing")
      }
      all.append(value)
    }
    return all
  }

  /// Runs the graph; `inputs` are those that it declares.
  package func run(
    _ inputs: [NetworkValue], _ context: DynamicInputs
  ) throws -> [NetworkValue] {
    guard let core else { throw OperatorFault.invalid("its graph is not compiled") }
    return try core.run(withCaptures(inputs, context), monitor: context.monitor)
  }
}

/// Passes over a graph, then over the graphs inside it.
package enum GraphCompiler {
  package static func compile(
    _ source: Graph, passes: [any GraphPass], limits: MemoryLimits
  ) throws(NetworkError) -> NetworkCore {
    var graph = try GraphPasses.run(passes, over: source, limits: limits)
    for index in graph.nodes.indices {
      guard var operation = graph.nodes[index].implementation.asSubgraphs else {
        continue
      }
      var constants: [Int: Tensor] = [:]
      for (slot, value) in graph.nodes[index].capturedValues.enumerated() {
        constants[slot] = graph.constants[value]
      }
      for place in operation.subgraphs.indices {
        try operation.subgraphs[place].compile(
          constants: constants, passes: passes, limits: limits)
      }
      graph.nodes[index].implementation = operation
    }
    return NetworkCore(graph, limits: limits, passes: passes)
  }
}
