// Room: Networks. The operator Scan.

internal import Tensors

/// A graph applied to slices one after another, carrying a state along and stacking its outputs.
///
/// **Source**: ONNX Scan, opsets 8 (with a batch dimension and lengths), 9.
package struct ScanOperator: SubgraphOperator {
  package var subgraphs: [CompiledSubgraph]
  private let scanCount: Int
  private let isBatched: Bool
  private let inputAxes: [Int]?
  private let inputDirections: [Int]?
  private let outputAxes: [Int]?
  private let outputDirections: [Int]?

  package init(_ node: NodeDescription) throws {
    guard let body = try node.graph("body") else {
      throw OperatorFault.invalid("the body is missing")
    }
    scanCount = try node.int("num_scan_inputs", default: 0)
    guard scanCount > 0, body.inputs.count >= scanCount,
      body.outputs.count >= body.inputs.count - scanCount
    else {
      throw OperatorFault.invalid(
        "the body has \(body.inputs.count) inputs and \(body.outputs.count) outputs, which do not "
          + "go together with \(scanCount) scanned inputs")
    }
    subgraphs = [CompiledSubgraph(body)]
    isBatched = node.opset < 9
    inputAxes = try node.ints("scan_input_axes")
    inputDirections = try node.ints(isBatched ? "directions" : "scan_input_directions")
    outputAxes = try node.ints("scan_output_axes")
    outputDirections = try node.ints("scan_output_directions")
  }

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    guard isBatched else { return try scan(inputs.values, inputs) }
    guard inputs[0] == nil else { throw OperatorFault.unsupported("sequence lengths") }
    let values = try (1..<max(inputs.values.count, 1)).map { try inputs.tensor($0) }
    guard let batch = values.first.flatMap({ $0.shape.dimensions.first }), batch > 0 else {
      throw OperatorFault.invalid("has no batch")
    }
    var results: [[Tensor]] = []
    for item in 0..<batch {
      let slices = try values.map { value -> NetworkValue in
        guard value.shape.rank > 0, value.shape[0] == batch else {
          throw OperatorFault.invalid("batches differ in length")
        }
        let slice = try TensorStack.slice(value, axis: 0, item..<item + 1)
        return .tensor(try slice.reshaped(to: Shape(Array(value.shape.dimensions.dropFirst()))))
      }
      let outputs = try scan(slices, inputs).map { value -> Tensor in
        guard let tensor = value?.tensor else {
          throw OperatorFault.invalid("its body gives something else than tensors")
        }
        return tensor
      }
      if results.isEmpty { results = outputs.map { _ in [] } }
      for (index, output) in outputs.enumerated() { results[index].append(output) }
    }
    return try results.map {
      .tensor(
        try TensorStack.stack($0, axis: 0, limits: inputs.limits, empty: Tensor(zeros: [0])))
    }
  }

  private func scan(
    _ values: [NetworkValue?], _ context: DynamicInputs
  ) throws -> [NetworkValue?] {
    let body = subgraphs[0]
    guard values.count == body.inputCount else {
      throw OperatorFault.invalid(
        "has \(values.count) inputs, but its body takes \(body.inputCount)")
    }
    let stateCount = values.count - scanCount
    var state = try values[..<stateCount].map { value -> NetworkValue in
      guard let value else { throw OperatorFault.invalid("a state is missing") }
      return value
    }
    func setting(_ list: [Int]?, _ index: Int) -> Int {
      list.flatMap { index < $0.count ? $0[index] : nil } ?? 0
    }
    var scanned: [(tensor: Tensor, axis: Int, backwards: Bool)] = []
    for index in 0..<scanCount {
      guard let tensor = values[stateCount + index]?.tensor else {
        throw OperatorFault.invalid("a scanned input is no tensor")
      }
      scanned.append(
        (
          tensor.contiguous(),
          try Checked.axis(setting(inputAxes, index), rank: tensor.shape.rank),
          setting(inputDirections, index) == 1
        ))
    }
    let length = scanned[0].tensor.shape[scanned[0].axis]
    guard scanned.allSatisfy({ $0.tensor.shape[$0.axis] == length }) else {
      throw OperatorFault.invalid("scanned inputs differ in length")
    }
    // What the body would see of scanned inputs, for outputs that it never makes.
    let unseen = try scanned.map { item -> NetworkValue in
      var lengths = item.tensor.shape.dimensions
      lengths.remove(at: item.axis)
      return .tensor(Tensor(zeros: try Shape(checking: length == 0 ? lengths : [0])))
    }
    let stackCount = body.graph.outputs.count - stateCount
    var stacked = [[Tensor]](repeating: [], count: stackCount)
    for step in 0..<length {
      try context.monitor.iterate()
      let slices = try scanned.map { item -> NetworkValue in
        let place = item.backwards ? length - 1 - step : step
        let slice = try TensorStack.slice(item.tensor, axis: item.axis, place..<place + 1)
        var lengths = slice.shape.dimensions
        lengths.remove(at: item.axis)
        return .tensor(try slice.reshaped(to: Shape(lengths)))
      }
      let results = try body.run(state + slices, context)
      state = Array(results[..<stateCount])
      for index in 0..<stackCount {
        guard let tensor = results[stateCount + index].tensor else {
          throw OperatorFault.invalid("its body gives something else than tensors to stack")
        }
        stacked[index].append(tensor)
      }
    }
    let stacks = try stacked.enumerated().map { index, tensors in
      let ordered = setting(outputDirections, index) == 1 ? tensors.reversed() : tensors
      return NetworkValue.tensor(
        try TensorStack.stack(
          ordered, axis: setting(outputAxes, index), limits: context.limits,
          empty: body.emptyStack(
            output: stateCount + index, axis: setting(outputAxes, index), state + unseen, context)))
    }
    return state + stacks
  }
}
