// Room: Networks. The operator Split.

internal import Tensors

/// Parts of a tensor along an axis: of given lengths, or equal ones (the last may be shorter).
///
/// **Source**: ONNX Split, opsets 2 (lengths as attribute), 13 (as input), 18 (`num_outputs`).
package struct SplitOperator: SelectingOperator {
  private let axis: Int
  private let lengths: [Int]?
  private let outputCount: Int?

  package init(_ node: NodeDescription) throws {
    axis = try node.int("axis", default: 0)
    lengths = try node.ints("split")
    outputCount = try node.int("num_outputs")
  }

  package var widening: Widening { .adapts }
  package var valueInputs: [Int] { [1] }

  private func parts(_ inputs: Operands) throws -> (axis: Int, lengths: [Int]) {
    let shape = try inputs.required(0).shape
    let place = try Checked.axis(axis, rank: shape.rank)
    var result: [Int]
    if let given = try inputs.integers(1) ?? lengths {
      result = given
    } else {
      let count = outputCount ?? inputs.outputCount
      guard count > 0, count <= 1 << 20 else {
        throw OperatorFault.invalid("cannot split into \(count) parts")
      }
      let length = shape[place] / count + (shape[place] % count == 0 ? 0 : 1)
      result = (0..<count).map { max(0, min(length, shape[place] - $0 * length)) }
    }
    var total = 0
    for length in result {
      guard length >= 0 else { throw OperatorFault.invalid("a part has length \(length)") }
      total = try Checked.sum(total, length)
    }
    guard total == shape[place], result.count >= inputs.outputCount else {
      throw OperatorFault.invalid(
        "parts \(result) do not make up the length \(shape[place]) of axis \(axis)")
    }
    return (place, result)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    let (place, lengths) = try parts(inputs)
    return try lengths.map { length in
      var shape = input.shape.dimensions
      shape[place] = length
      return try TensorFacts(input.elementType, checking: shape)
    }
  }

  package func selection(_ inputs: Operands, output: Int) -> AxisSelection? {
    guard let rank = inputs[0]?.shape.rank, let (place, lengths) = try? parts(inputs),
      output < lengths.count
    else { return nil }
    var result = AxisSelection(all: rank)
    result.starts[place] = lengths[..<output].reduce(0, +)
    return result
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let (place, lengths) = try parts(inputs)
    let outer = input.shape.dimensions[..<place].reduce(1, *)
    let inner = input.shape.dimensions[(place + 1)...].reduce(1, *) * input.elementType.byteWidth
    let total = input.shape[place] * inner
    return Kernel { arguments in
      try arguments.input(0).withBytes { bytes in
        guard let source = bytes.baseAddress, total > 0 else { return }
        var offset = 0
        for (index, length) in lengths.enumerated() {
          let row = length * inner
          if index < arguments.outputs.count, let output = arguments.outputs[index],
            let target = output.plannedBytes.baseAddress, row > 0
          {
            let start = offset
            // The plan may have the part lie inside the whole.
            if outer == 1, UnsafeRawPointer(target) == source + start {
              offset += row
              continue
            }
            Parallel.items(outer, nanoseconds: Double(row) * 0.05) { step in
              (target + step * row).copyMemory(
                from: source + step * total + start, byteCount: row)
            }
          }
          offset += row
        }
      }
    }
  }
}
