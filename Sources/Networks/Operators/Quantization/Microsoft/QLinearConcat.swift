// Room: Networks. The operator QLinearConcat of com.microsoft.

internal import Tensors

/// Quantised tensors one after the other, brought to one scale and zero point.
///
/// Inputs: the result's scale and zero point, then for each tensor itself, its scale and zero point.
package struct ComMicrosoftQLinearConcatOperator: Operator {
  private let axis: Int

  package init(_ node: NodeDescription) throws {
    guard let axis = try node.int("axis") else {
      throw OperatorFault.invalid("attribute 'axis' is missing")
    }
    self.axis = axis
  }

  /// The concatenation that a pass makes of one between quantisations.
  init(axis: Int) { self.axis = axis }

  package var widening: Widening { .none }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    guard inputs.count >= 5, inputs.count % 3 == 2 else {
      throw OperatorFault.invalid("has \(inputs.count) inputs, not two and three for each tensor")
    }
    try inputs.requireSingle(0, 1)
    let first = try inputs.required(2)
    let place = try Checked.axis(axis, rank: first.shape.rank)
    var lengths = first.shape.dimensions
    lengths[place] = 0
    for index in stride(from: 2, to: inputs.count, by: 3) {
      try inputs.requireBytes(index, index + 2)
      try inputs.requireSingle(index + 1, index + 2)
      var own = try inputs.required(index).shape.dimensions
      guard own.count == lengths.count else {
        throw OperatorFault.invalid("tensors of shapes \(first.shape) and \(own) do not fit")
      }
      lengths[place] = try Checked.sum(lengths[place], own[place])
      own[place] = lengths[place]
      guard own == lengths else {
        throw OperatorFault.invalid("tensors of shapes \(first.shape) and \(own) do not fit")
      }
    }
    try inputs.requireBytes(1)
    return [try TensorFacts(inputs.required(1).elementType, checking: lengths)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let place = try Checked.axis(axis, rank: try inputs.required(2).shape.rank)
    let count = inputs.count
    return Kernel { arguments in
      let output = try arguments.output()
      let result = try QuantizedType(
        output.elementType, scale: arguments.input(0), zero: arguments.input(1))
      var pieces: [Tensor] = []
      for index in stride(from: 2, to: count, by: 3) {
        let input = try arguments.input(index).contiguous()
        let own = try QuantizedType(
          input.elementType, scale: arguments.input(index + 1), zero: arguments.input(index + 2))
        let table = ByteTable(from: own, to: result) { $0 }
        let piece = try Tensor(working: input.shape, output.elementType)
        if let target = piece.plannedBytes.baseAddress {
          _ = input.withRawBytes {
            table.apply($0, count: input.count, to: target.assumingMemoryBound(to: UInt8.self))
          }
        }
        pieces.append(piece)
      }
      Tensor.concatenate(pieces, axis: place, into: output)
    }
  }
}
