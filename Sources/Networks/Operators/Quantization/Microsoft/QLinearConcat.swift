// Room: Networks. The operator QLinearConcat of com.microsoft.

internal import Tensors

/// Quantised tensors one after the other, brought to one scale and zero point.
///
/// Inputs: the result's scale and zero point, then for each tensor itself, its scale and zero point.
package struct ComMicrosoftQLinearConcatOperator: JoiningOperator {
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

  package func joined(_ inputs: Operands) -> [(input: Int, offset: Int)]? {
    guard let first = inputs[2], let place = try? Checked.axis(axis, rank: first.shape.rank),
      first.shape.dimensions[..<place].allSatisfy({ $0 == 1 })
    else { return nil }
    var offset = 0
    return stride(from: 2, to: inputs.count, by: 3).compactMap { index in
      defer { offset += inputs[index]?.byteCount ?? 0 }
      return isAsResult(index, inputs) ? (index, offset) : nil
    }
  }

  /// Whether the bytes of the tensor at `index` are the result's as they are.
  private func isAsResult(_ index: Int, _ inputs: Operands) -> Bool {
    guard let type = inputs[index]?.elementType, let wanted = inputs[1]?.elementType,
      inputs.areConstant([0, 1, index + 1, index + 2]),
      let result = try? QuantizedType(
        wanted, scale: inputs[0]?.constant, zero: inputs[1]?.constant),
      let own = try? QuantizedType(
        type, scale: inputs[index + 1]?.constant, zero: inputs[index + 2]?.constant)
    else { return false }
    return own == result
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try stride(from: 2, to: inputs.count, by: 3).map { try inputs.required($0).shape }
    let place = try Checked.axis(axis, rank: shapes[0].rank)
    let outer = shapes[0].dimensions[..<place].reduce(1, *)
    // Bytes of each tensor for one step of the dimensions before the axis.
    let rows = shapes.map { $0.dimensions[place...].reduce(1, *) }
    let total = rows.reduce(0, +)
    return Kernel { arguments in
      let output = try arguments.output()
      let result = try QuantizedType(
        output.elementType, scale: arguments.input(0), zero: arguments.input(1))
      guard let target = output.plannedBytes.baseAddress, output.count > 0 else { return }
      var start = 0
      for (number, row) in rows.enumerated() {
        let index = 2 + 3 * number
        let input = try arguments.input(index).contiguous()
        let own = try QuantizedType(
          input.elementType, scale: arguments.input(index + 1), zero: arguments.input(index + 2))
        let table = ByteTable(from: own, to: result) { $0 }
        let isIdentity = table.isIdentity
        _ = input.withRawBytes { bytes in
          guard row > 0 else { return }
          let to = target.assumingMemoryBound(to: UInt8.self) + start
          if outer == 1 {
            if isIdentity {
              if bytes != UnsafePointer(to) { Movement.copy(bytes, to: to, byteCount: row) }
            } else {
              table.apply(bytes, count: row, to: to)
            }
            return
          }
          table.bytes.withUnsafeBufferPointer { codes in
            guard let codes = codes.baseAddress else { return }
            Parallel.items(outer, nanoseconds: 10 + Double(row) * 0.1) { step in
              let (from, to) = (bytes + step * row, to + step * total)
              if isIdentity {
                to.update(from: from, count: row)
              } else {
                ByteRows.look(up: from, count: row, in: codes, to: to)
              }
            }
          }
        }
        start += row
      }
    }
  }
}
