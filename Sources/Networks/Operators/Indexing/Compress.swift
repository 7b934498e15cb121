// Room: Networks. The operator Compress.

internal import Tensors

/// The slices along an axis (or the elements of the flattened input) where a condition holds.
package struct CompressOperator: DynamicOperator {
  private let axis: Int?

  package init(_ node: NodeDescription) throws { axis = try node.int("axis") }

  package var keepsInputs: Bool { false }

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    var tensor = try inputs.tensor(0)
    let condition = try inputs.tensor(1)
    guard condition.elementType == .bool else {
      throw OperatorFault.invalid("the condition is \(condition.elementType.rawValue)")
    }
    if axis == nil { tensor = try tensor.reshaped(to: [tensor.count]) }
    let place = try Checked.axis(axis ?? 0, rank: tensor.shape.rank)
    let length = tensor.shape[place]
    let chosen = condition.elements(as: Bool.self).prefix(length).enumerated()
      .filter(\.element).map(\.offset)
    var lengths = tensor.shape.dimensions
    lengths[place] = chosen.count
    let result = try inputs.limits.allocate(TensorFacts(tensor.elementType, checking: lengths))
    let outer = lengths[..<place].reduce(1, *)
    let row = lengths[(place + 1)...].reduce(1, *) * tensor.elementType.byteWidth
    tensor.withBytes { bytes in
      guard let from = bytes.baseAddress, let to = result.plannedBytes.baseAddress,
        result.count > 0
      else { return }
      for step in 0..<outer {
        for (index, position) in chosen.enumerated() {
          (to + (step * chosen.count + index) * row).copyMemory(
            from: from + (step * length + position) * row, byteCount: row)
        }
      }
    }
    return [.tensor(result)]
  }
}
