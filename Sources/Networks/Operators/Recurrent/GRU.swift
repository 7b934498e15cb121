// Room: Networks. The operator GRU.

internal import Tensors

/// A gated recurrent unit over a sequence, in one direction or both.
///
/// **Source**: ONNX GRU, opsets 1, 3 (`linear_before_reset`), 7, 14 (`layout`), 22; gates in the
/// order update, reset, hidden.
package struct GRUOperator: Operator {
  private let cell: GatedCell
  private let packed = PackedOnce<PackedRecurrence>()

  package init(_ node: NodeDescription) throws {
    cell = GatedCell(
      attributes: try RecurrentAttributes(node, defaults: ["Sigmoid", "Tanh"]),
      resetsAfter: try node.flag("linear_before_reset"))
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(3...6)
    let type = try inputs.requireSameType([0, 1, 2, 3, 5])
    return try RecurrentShapes(inputs, cell.attributes, gates: 3, states: [5])
      .outputs(type, states: 1)
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try RecurrentShapes(inputs, cell.attributes, gates: 3, states: [5])
    if let run = try PackedRecurrenceRun(
      .gated(resetsAfter: cell.resetsAfter), cell.attributes, shapes, inputs, packed)
    {
      return try run.kernel
    }
    return try RealKernel.make(
      inputs.required(0).elementType,
      RecurrentBody(cell: cell, shapes: shapes, cellInput: nil, peepholeInput: nil))
  }
}

private struct GatedCell: RecurrentCell {
  let attributes: RecurrentAttributes
  /// Whether the reset gate acts on the product with the state rather than on the state.
  let resetsAfter: Bool

  func step<T: Real>(
    _ x: UnsafeMutablePointer<T>, _ h: UnsafeMutablePointer<T>, previous: UnsafePointer<T>,
    state: UnsafeMutablePointer<T>, cell: UnsafeMutablePointer<T>, peephole: UnsafePointer<T>?,
    direction: Int, recurrent: (UnsafePointer<T>, UnsafeMutablePointer<T>, Int) -> Void
  ) {
    let hidden = attributes.hidden
    let gate = attributes.activations[direction * 2]
    let candidate = attributes.activations[direction * 2 + 1]
    // The gates take the place of their sums.
    for unit in 0..<2 * hidden { x[unit] = gate(clipped(x[unit] + h[unit])) }
    let reset = x + hidden
    if resetsAfter {
      for unit in 0..<hidden { h[2 * hidden + unit] *= reset[unit] }
    } else {
      for unit in 0..<hidden { h[unit] = reset[unit] * previous[unit] }
      recurrent(UnsafePointer(h), h + 2 * hidden, 2)
    }
    for unit in 0..<hidden {
      let new = candidate(clipped(x[2 * hidden + unit] + h[2 * hidden + unit]))
      state[unit] = (1 - x[unit]) * new + x[unit] * previous[unit]
    }
  }
}
