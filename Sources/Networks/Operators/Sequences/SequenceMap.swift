// Room: Networks. The operator SequenceMap.

internal import Tensors

/// A graph applied to each element of a sequence; further inputs are sequences that walk along or
/// tensors that stay.
package struct SequenceMapOperator: SubgraphOperator {
  package var subgraphs: [CompiledSubgraph]

  package init(_ node: NodeDescription) throws {
    guard let body = try node.graph("body") else {
      throw OperatorFault.invalid("the body is missing")
    }
    subgraphs = [CompiledSubgraph(body)]
  }

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    let (first, _) = try inputs.sequence(0)
    var results = [[Tensor]](repeating: [], count: subgraphs[0].graph.outputs.count)
    for step in first.indices {
      try inputs.monitor.iterate()
      let values = try inputs.values.indices.map { index -> NetworkValue in
        guard case .sequence(let tensors, _)? = inputs[index] else {
          return .tensor(try inputs.tensor(index))
        }
        guard step < tensors.count else {
          throw OperatorFault.invalid("the sequences differ in length")
        }
        return .tensor(tensors[step])
      }
      for (index, value) in try subgraphs[0].run(values, inputs).enumerated() {
        guard let tensor = value.tensor else {
          throw OperatorFault.invalid("its body gives something else than tensors")
        }
        results[index].append(tensor)
      }
    }
    return results.map { .sequence($0, $0.first?.elementType ?? .float32) }
  }
}
