// Room: Networks. The operator GatherElements.

internal import Tensors

/// One element of the data for every index, along one axis; the other places are the index's own.
package struct GatherElementsOperator: Operator {
  private let axis: Int

  package init(_ node: NodeDescription) throws { axis = try node.int("axis", default: 0) }

  package var widening: Widening { .adapts }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let (data, indices) = (try inputs.required(0), try inputs.required(1))
    try inputs.requireType(1, .int32, .int64)
    let place = try Checked.axis(axis, rank: data.shape.rank)
    guard indices.shape.rank == data.shape.rank,
      (0..<data.shape.rank).allSatisfy({ $0 == place || indices.shape[$0] <= data.shape[$0] })
    else {
      throw OperatorFault.invalid("indices of shape \(indices.shape) do not fit \(data.shape)")
    }
    return [TensorFacts(data.elementType, indices.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (data, indices) = (try inputs.required(0).shape, try inputs.required(1).shape)
    let place = try Checked.axis(axis, rank: data.rank)
    let strides = data.rowMajorStrides
    let width = try inputs.required(0).elementType.byteWidth
    return Kernel { arguments in
      var places = try IndexedElements.places(arguments.input(1), length: data[place])
      IndexedElements.turnIntoOffsets(
        &places, in: indices.dimensions, strides: strides, axis: place)
      try arguments.move { source, target in
        for (index, offset) in places.enumerated() {
          (target + index * width).copyMemory(from: source + offset * width, byteCount: width)
        }
      }
    }
  }
}
