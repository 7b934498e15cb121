// Room: Networks. The operator LSTM.

internal import Tensors

/// A long short-term memory layer over a sequence, in one direction or both, with peepholes.
///
/// **Source**: ONNX LSTM, opsets 1, 7, 14 (`layout`), 22; gates in the order input, output, forget,
/// cell.
package struct LSTMOperator: Operator {
  private let cell: LongShortCell
  private let packed = PackedOnce<PackedRecurrence>()

  package init(_ node: NodeDescription) throws {
    cell = LongShortCell(
      attributes: try RecurrentAttributes(node, defaults: ["Sigmoid", "Tanh", "Tanh"]),
      couples: try node.flag("input_forget"))
  }

  private func shapes(_ inputs: Operands) throws -> RecurrentShapes {
    let shapes = try RecurrentShapes(inputs, cell.attributes, gates: 4, states: [5, 6])
    if let peepholes = inputs[7]?.shape,
      peepholes.dimensions != [shapes.directions, 3 * shapes.hidden]
    {
      throw OperatorFault.invalid("peephole weights of shape \(peepholes) do not fit")
    }
    return shapes
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(3...8)
    let type = try inputs.requireSameType([0, 1, 2, 3, 5, 6, 7])
    return try shapes(inputs).outputs(type, states: 2)
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    if !cell.couples,
      let run = try PackedRecurrenceRun(
        .longShort, cell.attributes, shapes(inputs), inputs, packed)
    {
      return try run.kernel
    }
    return try RealKernel.make(
      inputs.required(0).elementType,
      RecurrentBody(cell: cell, shapes: shapes(inputs), cellInput: 6, peepholeInput: 7))
  }
}

private struct LongShortCell: RecurrentCell {
  let attributes: RecurrentAttributes
  /// Whether the forget gate is what the input gate leaves.
  let couples: Bool

  func step<T: Real>(
    _ x: UnsafeMutablePointer<T>, _ h: UnsafeMutablePointer<T>, previous: UnsafePointer<T>,
    state: UnsafeMutablePointer<T>, cell: UnsafeMutablePointer<T>, peephole: UnsafePointer<T>?,
    direction: Int, recurrent: (UnsafePointer<T>, UnsafeMutablePointer<T>, Int) -> Void
  ) {
    let hidden = attributes.hidden
    let gate = attributes.activations[direction * 3]
    let candidate = attributes.activations[direction * 3 + 1]
    let output = attributes.activations[direction * 3 + 2]
    for unit in 0..<hidden {
      func sum(_ index: Int) -> T { x[index * hidden + unit] + h[index * hidden + unit] }
      let old = cell[unit]
      let input = gate(clipped(sum(0) + (peephole.map { $0[unit] * old } ?? 0)))
      let forget =
        couples
        ? 1 - input
        : gate(clipped(sum(2) + (peephole.map { $0[2 * hidden + unit] * old } ?? 0)))
      let new = forget * old + input * candidate(clipped(sum(3)))
      let out = gate(clipped(sum(1) + (peephole.map { $0[hidden + unit] * new } ?? 0)))
      cell[unit] = new
      state[unit] = out * output(new)
    }
  }
}
