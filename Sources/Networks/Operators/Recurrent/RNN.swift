// Room: Networks. The operator RNN.

internal import Tensors

/// A plain recurrent layer over a sequence, in one direction or both.
package struct RNNOperator: Operator {
  private let cell: PlainCell
  private let packed = PackedOnce<PackedRecurrence>()

  package init(_ node: NodeDescription) throws {
    cell = PlainCell(attributes: try RecurrentAttributes(node, defaults: ["Tanh"]))
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(3...6)
    let type = try inputs.requireSameType([0, 1, 2, 3, 5])
    return try RecurrentShapes(inputs, cell.attributes, gates: 1, states: [5])
      .outputs(type, states: 1)
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try RecurrentShapes(inputs, cell.attributes, gates: 1, states: [5])
    if let run = try PackedRecurrenceRun(.plain, cell.attributes, shapes, inputs, packed) {
      return try run.kernel
    }
    return try RealKernel.make(
      inputs.required(0).elementType,
      RecurrentBody(cell: cell, shapes: shapes, cellInput: nil, peepholeInput: nil))
  }
}

private struct PlainCell: RecurrentCell {
  let attributes: RecurrentAttributes

  func step<T: Real>(
    _ x: UnsafeMutablePointer<T>, _ h: UnsafeMutablePointer<T>, previous: UnsafePointer<T>,
    state: UnsafeMutablePointer<T>, cell: UnsafeMutablePointer<T>, peephole: UnsafePointer<T>?,
    direction: Int, recurrent: (UnsafePointer<T>, UnsafeMutablePointer<T>, Int) -> Void
  ) {
    let activation = attributes.activations[direction]
    for unit in 0..<attributes.hidden { state[unit] = activation(clipped(x[unit] + h[unit])) }
  }
}
