// Room: Networks. The operator Gather.

internal import Tensors

/// Slices of the data along an axis, by index; negative indices count from the end.
package struct GatherOperator: SelectingOperator {
  let axis: Int

  package init(_ node: NodeDescription) throws { axis = try node.int("axis", default: 0) }

  package var widening: Widening { .adapts }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let (data, indices) = (try inputs.required(0), try inputs.required(1))
    try inputs.requireType(1, .int32, .int64)
    let place = try Checked.axis(axis, rank: data.shape.rank)
    let lengths =
      data.shape.dimensions[..<place] + indices.shape.dimensions
      + data.shape.dimensions[(place + 1)...]
    if let constant = indices.constant, indices.shape.count <= 4096 {
      for index in try constant.integerElements(input: 1) {
        _ = try Self.position(index, length: data.shape[place])
      }
    }
    return [try TensorFacts(data.elementType, checking: Array(lengths))]
  }

  /// Only for a single index that is known.
  package func selection(_ inputs: Operands, output: Int) -> AxisSelection? {
    guard let rank = inputs[0]?.shape.rank, let indices = inputs[1],
      let constant = indices.constant,
      indices.shape.count == 1, indices.shape.rank <= 1,
      let place = try? Checked.axis(axis, rank: rank), let length = inputs[0]?.shape[place],
      let index = try? constant.integerElements(input: 1).first,
      let position = try? Self.position(index, length: length)
    else { return nil }
    var result = AxisSelection(all: rank)
    result.starts[place] = position
    if indices.shape.rank == 0 { result.axes.remove(at: place) }
    return result
  }

  static func position(_ index: Int, length: Int) throws -> Int {
    guard index >= -length, index < length else {
      throw OperatorFault.invalid("index \(index) lies outside a dimension of length \(length)")
    }
    return index < 0 ? index + length : index
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let data = try inputs.required(0)
    let place = try Checked.axis(axis, rank: data.shape.rank)
    let outer = data.shape.dimensions[..<place].reduce(1, *)
    let row = data.shape.dimensions[(place + 1)...].reduce(1, *) * data.elementType.byteWidth
    let length = data.shape[place]
    return Kernel { arguments in
      let positions = try arguments.input(1).integerElements(input: 1).map {
        try Self.position($0, length: length)
      }
      let count = positions.count
      try arguments.move { source, target in
        guard row > 0 else { return }
        // One of a few numbers that lie together, as the real parts of complex ones.
        if count == 1, [1, 2, 4, 8].contains(row) {
          Movement.gather(
            source + positions[0] * row, strides: [length], shape: Shape([outer]), into: target,
            width: row)
          return
        }
        Parallel.items(outer * count, nanoseconds: 4 + Double(row) * 0.05) { item in
          let (step, index) = (item / count, item % count)
          (target + item * row).copyMemory(
            from: source + (step * length + positions[index]) * row, byteCount: row)
        }
      }
    }
  }
}
