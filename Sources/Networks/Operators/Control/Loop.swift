// Room: Networks. The operator Loop.

package import Tensors

/// A graph repeated a number of times or while a condition holds, carrying values along and
/// stacking what it gives each time.
package struct LoopOperator: SubgraphOperator {
  package var subgraphs: [CompiledSubgraph]

  package init(_ node: NodeDescription) throws {
    guard let body = try node.graph("body") else {
      throw OperatorFault.invalid("the body is missing")
    }
    guard body.inputs.count >= 2, body.outputs.count >= 1,
      body.outputs.count >= body.inputs.count - 1
    else {
      throw OperatorFault.invalid(
        "the body has \(body.inputs.count) inputs and \(body.outputs.count) outputs, which do not "
          + "go together")
    }
    subgraphs = [CompiledSubgraph(body)]
  }

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    let body = subgraphs[0]
    let carriedCount = body.inputCount - 2
    let limit = try inputs.optionalTensor(0)?.integerElements(input: 0).first ?? .max
    var goesOn = true
    if let condition = try inputs.optionalTensor(1) {
      guard condition.elementType == .bool, condition.count == 1 else {
        throw OperatorFault.invalid("the condition is not one boolean")
      }
      goesOn = condition.elements(as: Bool.self)[0]
    }
    guard inputs.values.count <= carriedCount + 2 else {
      throw OperatorFault.invalid(
        "carries \(inputs.values.count - 2) values, but its body takes \(carriedCount)")
    }
    var carried = try (0..<carriedCount).map { index -> NetworkValue in
      guard let value = inputs[index + 2] else {
        throw OperatorFault.invalid("input \(index + 2) is missing")
      }
      return value
    }
    var stacked: [[Tensor]] = []
    let stackedCount = body.graph.outputs.count - 1 - carriedCount
    for _ in 0..<stackedCount { stacked.append([]) }
    var bytes = 0
    var step = 0
    while goesOn, step < limit {
      try inputs.monitor.iterate()
      let results = try body.run(
        [.tensor(Tensor(Int64(step))), .tensor(Tensor(true))] + carried, inputs)
      guard let condition = results[0].tensor, condition.elementType == .bool, condition.count == 1
      else { throw OperatorFault.invalid("its body gives no boolean condition") }
      goesOn = condition.elements(as: Bool.self)[0]
      carried = Array(results[1..<carriedCount + 1])
      for index in 0..<stackedCount {
        guard let tensor = results[carriedCount + 1 + index].tensor else {
          throw OperatorFault.invalid("its body gives something else than tensors to stack")
        }
        bytes = try Checked.sum(bytes, tensor.count * tensor.elementType.byteWidth + 256)
        guard bytes <= inputs.limits.bytes else {
          throw OperatorFault(
            kind: .memoryLimit,
            message: "what its body gives is more than the \(inputs.limits.bytes) bytes allowed")
        }
        stacked[index].append(tensor)
      }
      step += 1
    }
    let stacks = try stacked.enumerated().map { index, tensors in
      NetworkValue.tensor(
        try TensorStack.stack(
          tensors, axis: 0, limits: inputs.limits,
          empty: body.emptyStack(
            output: carriedCount + 1 + index, axis: 0,
            [.tensor(Tensor(Int64(0))), .tensor(Tensor(true))] + carried, inputs)))
    }
    return carried + stacks
  }
}

extension CompiledSubgraph {
  /// What stacking an output that was never made gives: along `axis` a length of 0, else the lengths
  /// that it would have had for such inputs, or that the file declares; 0 where nobody knows.
  func emptyStack(
    output: Int, axis: Int, _ inputs: [NetworkValue], _ context: DynamicInputs
  ) throws -> Tensor {
    let declared =
      output < graph.declaredOutputs.count ? graph.declaredOutputs[output] : nil
    var type = declared?.elementType ?? .float32
    var lengths: [Int] = []
    if let facts = plannedOutput(output, inputs, context) {
      (type, lengths) = (facts.elementType, facts.shape.dimensions)
    } else if let dimensions = declared?.dimensions {
      lengths = dimensions.map { if case .fixed(let length) = $0 { length } else { 0 } }
    }
    lengths.insert(0, at: try Checked.axis(axis, rank: lengths.count + 1))
    let shape = try Shape(checking: lengths)
    try WorkMemory.check(shape)
    return Tensor(zeros: shape, type)
  }
}

/// Tensors of one shape as one tensor with a further dimension.
package enum TensorStack {
  /// `tensors` stacked along a new dimension `axis`; `empty` when there are none.
  package static func stack(
    _ tensors: [Tensor], axis: Int, limits: MemoryLimits, empty: @autoclosure () throws -> Tensor
  ) throws -> Tensor {
    guard let first = tensors.first else { return try empty() }
    let place = try Checked.axis(axis, rank: first.shape.rank + 1)
    var unit = first.shape.dimensions
    unit.insert(1, at: place)
    return try concatenate(
      tensors.map { try $0.reshaped(to: Shape(checking: unit)) }, axis: place, limits: limits)
  }

  /// `tensors` one after another along `axis`.
  package static func concatenate(
    _ tensors: [Tensor], axis: Int, limits: MemoryLimits
  ) throws -> Tensor {
    guard let first = tensors.first else {
      throw OperatorFault.invalid("there is nothing to join")
    }
    let place = try Checked.axis(axis, rank: first.shape.rank)
    var lengths = first.shape.dimensions
    lengths[place] = 0
    for tensor in tensors {
      var own = tensor.shape.dimensions
      guard own.count == lengths.count, tensor.elementType == first.elementType else {
        throw OperatorFault.invalid("\(first.shape) and \(tensor.shape) do not join")
      }
      lengths[place] = try Checked.sum(lengths[place], own[place])
      own[place] = lengths[place]
      guard own == lengths else {
        throw OperatorFault.invalid("\(first.shape) and \(tensor.shape) do not join")
      }
    }
    let facts = try TensorFacts(first.elementType, checking: lengths)
    let result = try limits.allocate(facts)
    let width = first.elementType.byteWidth
    let outer = lengths[..<place].reduce(1, *)
    let inner = lengths[(place + 1)...].reduce(1, *) * width
    guard facts.shape.count > 0, let target = result.plannedBytes.baseAddress else { return result }
    var offset = 0
    for tensor in tensors {
      let row = tensor.shape[place] * inner
      tensor.contiguous().withBytes { bytes in
        guard let source = bytes.baseAddress, row > 0 else { return }
        for step in 0..<outer {
          (target + step * lengths[place] * inner + offset).copyMemory(
            from: source + step * row, byteCount: row)
        }
      }
      offset += row
    }
    return result
  }

  /// The part `range` of `tensor` along `axis`, dense.
  package static func slice(_ tensor: Tensor, axis: Int, _ range: Range<Int>) throws -> Tensor {
    guard range.lowerBound >= 0, range.upperBound <= tensor.shape[axis] else {
      throw OperatorFault.invalid("\(range) lies outside a dimension of shape \(tensor.shape)")
    }
    return tensor.sliced(axis, range).contiguous()
  }
}
