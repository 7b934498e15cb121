// Room: Networks. The operator NonZero.

internal import Tensors

/// The places of the elements that are not zero, one column each.
package struct NonZeroOperator: DynamicOperator {
  package init(_ node: NodeDescription) throws {}

  package var keepsInputs: Bool { false }

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    let tensor = try inputs.tensor(0)
    let flags = try ElementConversion.convert(tensor, to: .bool)
    let found = flags.withElements(of: Bool.self) { elements in
      elements.indices.filter { elements[$0] }
    }
    // A scalar counts as a tensor of one element.
    let shape = tensor.shape.rank == 0 ? Shape([1]) : tensor.shape
    let strides = shape.rowMajorStrides
    let facts = try TensorFacts(.int64, checking: [shape.rank, found.count])
    let result = try inputs.limits.allocate(facts)
    let target = result.plannedDestination(of: Int64.self)
    for axis in 0..<shape.rank {
      for (column, index) in found.enumerated() {
        target[axis * found.count + column] = Int64(index / strides[axis] % shape[axis])
      }
    }
    return [.tensor(result)]
  }
}
