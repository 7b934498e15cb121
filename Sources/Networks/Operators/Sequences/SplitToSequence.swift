// Room: Networks. The operator SplitToSequence.

internal import Tensors

/// Parts of a tensor along an axis, as a sequence: of given lengths, of one length, or of length 1.
package struct SplitToSequenceOperator: DynamicOperator {
  private let axis: Int
  private let keeps: Bool

  package init(_ node: NodeDescription) throws {
    axis = try node.int("axis", default: 0)
    keeps = try node.flag("keepdims", default: true)
  }

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    let tensor = try inputs.tensor(0)
    let place = try Checked.axis(axis, rank: tensor.shape.rank)
    let length = tensor.shape[place]
    // Each part is a tensor of its own, which takes more than its elements do.
    try WorkMemory.require(64 * min(length, 1 << 40), of: Int.self)
    var parts = [Int](repeating: 1, count: length)
    let split = try inputs.optionalTensor(1)
    if let split {
      let values = try split.integerElements(input: 1)
      if split.shape.rank == 0 {
        guard let size = values.first, size > 0 else {
          throw OperatorFault.invalid("cannot split into parts of length \(values)")
        }
        parts = stride(from: 0, to: length, by: size).map { min(size, length - $0) }
      } else {
        parts = values
      }
    }
    guard parts.allSatisfy({ $0 >= 0 && $0 <= length }), parts.reduce(0, { $0 &+ $1 }) == length
    else { throw OperatorFault.invalid("parts \(parts) do not make up a length of \(length)") }
    var start = 0
    let tensors = try parts.map { part -> Tensor in
      defer { start += part }
      let slice = try TensorStack.slice(tensor, axis: place, start..<start + part)
      guard split == nil, !keeps else { return slice }
      var lengths = slice.shape.dimensions
      lengths.remove(at: place)
      return try slice.reshaped(to: Shape(checking: lengths))
    }
    return [.sequence(tensors, tensor.elementType)]
  }
}
