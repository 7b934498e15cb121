// Room: Networks. The operator GatherND.

internal import Tensors

/// Slices of the data by tuples of indices, within batches if asked.
package struct GatherNDOperator: Operator {
  let batches: Int

  package init(_ node: NodeDescription) throws {
    batches = try node.int("batch_dims", default: 0)
  }

  package var widening: Widening { .adapts }

  private func checked(_ inputs: Operands) throws -> (data: Shape, indices: Shape, tuple: Int) {
    let data = try inputs.required(0, rank: 1...64).shape
    let indices = try inputs.required(1, rank: 1...64).shape
    try inputs.requireType(1, .int32, .int64)
    let tuple = indices[indices.rank - 1]
    guard batches >= 0, batches < indices.rank, batches + tuple <= data.rank,
      data.dimensions[..<min(batches, data.rank)] == indices.dimensions[..<batches]
    else {
      throw OperatorFault.invalid(
        "indices of shape \(indices) with \(batches) batch dimensions do not fit \(data)")
    }
    return (data, indices, tuple)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let (data, indices, tuple) = try checked(inputs)
    let lengths = indices.dimensions.dropLast() + data.dimensions[(batches + tuple)...]
    return [try TensorFacts(inputs.required(0).elementType, checking: Array(lengths))]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (data, indices, tuple) = try checked(inputs)
    let width = try inputs.required(0).elementType.byteWidth
    let row = data.dimensions[(batches + tuple)...].reduce(1, *) * width
    let batchCount = data.dimensions[..<batches].reduce(1, *)
    let batchSize = data.dimensions[batches...].reduce(1, *)
    let perBatch = indices.dimensions[batches...].dropLast().reduce(1, *)
    guard batchCount * perBatch > 0 else { return Kernel { _ in } }
    return Kernel { arguments in
      let offsets = try IndexedElements.tupleOffsets(
        arguments.input(1).contiguous(), in: data, from: batches)
      try arguments.move { source, target in
        guard row > 0 else { return }
        Parallel.items(offsets.count, nanoseconds: 4 + Double(row) * 0.05) { index in
          let start = index / perBatch * batchSize + offsets[index]
          (target + index * row).copyMemory(from: source + start * width, byteCount: row)
        }
      }
    }
  }
}
