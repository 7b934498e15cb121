// Room: Networks. The operator ScatterND.

internal import Tensors

/// The data with slices of updates written at tuples of indices.
package struct ScatterNDOperator: Operator {
  private let reduction: ScatterReduction

  package init(_ node: NodeDescription) throws { reduction = try ScatterReduction(node) }

  package var widening: Widening {
    switch reduction {
    case .none: .adapts
    default: [.halves, .integers, .booleans]
    }
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let data = try inputs.required(0, rank: 1...64)
    let indices = try inputs.required(1, rank: 1...64).shape
    let updates = try inputs.required(2)
    try inputs.requireType(1, .int64, .int32)
    let tuple = indices[indices.rank - 1]
    guard tuple <= data.shape.rank, updates.elementType == data.elementType,
      Array(indices.dimensions.dropLast())
        + Array(data.shape.dimensions[min(tuple, data.shape.rank)...])
        == updates.shape.dimensions
    else {
      throw OperatorFault.invalid(
        "indices of shape \(indices) and updates of shape \(updates.shape) do not fit "
          + "\(data.shape)")
    }
    return [TensorFacts(data.elementType, data.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let data = try inputs.required(0)
    let indices = try inputs.required(1).shape
    let row = data.shape.dimensions[indices[indices.rank - 1]...].reduce(1, *)
    let body = ScatterBody(reduction: reduction, row: row) { arguments in
      try IndexedElements.tupleOffsets(arguments.input(1).contiguous(), in: data.shape)
    }
    if case .none = reduction { return body.moving(width: data.elementType.byteWidth) }
    return try data.elementType.computing(body)
  }
}
