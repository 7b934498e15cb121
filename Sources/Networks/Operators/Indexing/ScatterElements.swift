// Room: Networks. The operator ScatterElements.

internal import Tensors

/// The data with updates written, element by element, at indices along one axis.
package struct ScatterElementsOperator: Operator {
  let axis: Int
  let reduction: ScatterReduction

  package init(_ node: NodeDescription) throws {
    axis = try node.int("axis", default: 0)
    reduction = try ScatterReduction(node)
  }

  package var widening: Widening {
    switch reduction {
    case .none: .adapts
    default: [.halves, .integers, .booleans]
    }
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try Self.infer(inputs, axis: axis)
  }

  static func infer(_ inputs: Operands, axis: Int) throws -> [TensorFacts?] {
    let (data, indices) = (try inputs.required(0), try inputs.required(1).shape)
    let updates = try inputs.required(2)
    try inputs.requireType(1, .int32, .int64)
    let place = try Checked.axis(axis, rank: data.shape.rank)
    guard updates.shape == indices, updates.elementType == data.elementType,
      indices.rank == data.shape.rank,
      (0..<indices.rank).allSatisfy({ $0 == place || indices[$0] <= data.shape[$0] })
    else {
      throw OperatorFault.invalid(
        "indices of shape \(indices) and updates of shape \(updates.shape) do not fit "
          + "\(data.shape)")
    }
    return [TensorFacts(data.elementType, data.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    try Self.prepare(inputs, axis: axis, reduction)
  }

  static func prepare(
    _ inputs: Operands, axis: Int, _ reduction: ScatterReduction
  ) throws -> Kernel {
    let (data, indices) = (try inputs.required(0), try inputs.required(1).shape)
    let place = try Checked.axis(axis, rank: data.shape.rank)
    let strides = data.shape.rowMajorStrides
    let length = data.shape[place]
    let body = ScatterBody(reduction: reduction, row: 1) { arguments in
      var places = try IndexedElements.places(arguments.input(1), length: length)
      IndexedElements.turnIntoOffsets(
        &places, in: indices.dimensions, strides: strides, axis: place)
      return places
    }
    if case .none = reduction { return body.moving(width: data.elementType.byteWidth) }
    return try data.elementType.computing(body)
  }
}
