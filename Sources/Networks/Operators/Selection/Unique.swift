// Room: Networks. The operator Unique.

internal import Tensors

/// The distinct elements (or slices along an axis), where each first stands, where each goes, and how
/// often it occurs.
package struct UniqueOperator: DynamicOperator {
  private let axis: Int?
  private let sorts: Bool

  package init(_ node: NodeDescription) throws {
    axis = try node.int("axis")
    sorts = try node.flag("sorted", default: true)
  }

  package var keepsInputs: Bool { false }

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    var tensor = try inputs.tensor(0)
    if axis == nil { tensor = try tensor.reshaped(to: [tensor.count]) }
    let place = try Checked.axis(axis ?? 0, rank: tensor.shape.rank)
    let length = tensor.shape[place]
    try WorkMemory.require(
      Checked.sum(Checked.product(32, length), Checked.product(3, tensor.count)), of: Double.self)
    let slices = try (0..<length).map { index -> [Double] in
      try TensorStack.slice(tensor, axis: place, index..<index + 1).numericElements()
    }
    var first: [[Double]: Int] = [:]
    var order: [Int] = []
    for (index, slice) in slices.enumerated() where first[slice] == nil {
      first[slice] = index
      order.append(index)
    }
    if sorts { order.sort { slices[$0].lexicographicallyPrecedes(slices[$1]) } }
    var rank: [[Double]: Int] = [:]
    for (index, position) in order.enumerated() { rank[slices[position]] = index }
    let inverse = slices.map { Int64(rank[$0] ?? 0) }
    var counts = [Int64](repeating: 0, count: order.count)
    for index in inverse { counts[Int(index)] += 1 }
    let kept = try order.map { try TensorStack.slice(tensor, axis: place, $0..<$0 + 1) }
    let values =
      kept.isEmpty
      ? tensor : try TensorStack.concatenate(kept, axis: place, limits: inputs.limits)
    return [
      .tensor(values), .tensor(Tensor(order.map(Int64.init), shape: [order.count])),
      .tensor(Tensor(inverse, shape: [inverse.count])),
      .tensor(Tensor(counts, shape: [counts.count])),
    ]
  }
}
