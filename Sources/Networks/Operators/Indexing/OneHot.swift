// Room: Networks. The operator OneHot.

internal import Tensors

/// For each index a row of one value, with another at the index's place.
package struct OneHotOperator: Operator {
  private let axis: Int

  package init(_ node: NodeDescription) throws { axis = try node.int("axis", default: -1) }

  package var widening: Widening { .none }
  package var valueInputs: [Int] { [1] }

  private func depth(_ inputs: Operands) throws -> Int {
    guard let values = try inputs.numbers(1), values.count == 1 else {
      throw OperatorFault.invalid("input 1, the depth, is not one number")
    }
    let depth = try Checked.integer(values[0])
    guard depth >= 0 else { throw OperatorFault.invalid("the depth \(depth) is negative") }
    return depth
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let (indices, values) = (try inputs.required(0), try inputs.required(2))
    guard values.shape.dimensions == [2], indices.elementType.isNumber else {
      throw OperatorFault.invalid("input 2 of shape \(values.shape) is not a pair of values")
    }
    var lengths = indices.shape.dimensions
    lengths.insert(
      try depth(inputs), at: try Checked.axis(axis, rank: indices.shape.rank + 1))
    return [try TensorFacts(values.elementType, checking: lengths)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shape = try inputs.required(0).shape
    let place = try Checked.axis(axis, rank: shape.rank + 1)
    let (depth, width) = (try depth(inputs), try inputs.required(2).elementType.byteWidth)
    let inner = shape.dimensions[place...].reduce(1, *)
    return Kernel { arguments in
      let indices = try arguments.input(0).numericElements()
      let output = try arguments.output()
      try arguments.input(2).withBytes { values in
        guard let off = values.baseAddress, let target = output.plannedBytes.baseAddress,
          depth > 0, inner > 0
        else { return }
        Movement.fill(target, count: output.count, with: off, width: width)
        for (item, value) in indices.enumerated() {
          guard let number = Int(exactly: value.rounded(.towardZero)), number >= -depth,
            number < depth
          else { continue }
          let index = number < 0 ? number + depth : number
          let position = (item / inner * depth + index) * inner + item % inner
          (target + position * width).copyMemory(from: off + width, byteCount: width)
        }
      }
    }
  }
}
