// Room: Networks. The operator Concat.

internal import Tensors

/// The inputs one after another along an axis.
package struct ConcatOperator: JoiningOperator {
  let axis: Int

  package init(_ node: NodeDescription) throws {
    axis = try node.int("axis", default: node.opset < 4 ? 1 : 0)
  }

  package var widening: Widening { .adapts }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    guard inputs.count > 0 else { throw OperatorFault.invalid("has no inputs") }
    let all = try (0..<inputs.count).map { try inputs.required($0) }
    let type = try inputs.requireSameType(Array(0..<inputs.count))
    let place = try Checked.axis(axis, rank: all[0].shape.rank)
    var lengths = all[0].shape.dimensions
    for (index, facts) in all.enumerated().dropFirst() {
      var other = facts.shape.dimensions
      if other.count == lengths.count {
        let along = other[place]
        other[place] = lengths[place]
        if other == lengths {
          lengths[place] = try Checked.sum(lengths[place], along)
          continue
        }
      }
      throw OperatorFault.invalid(
        "input \(index) of shape \(facts.shape) does not continue input 0 of shape "
          + "\(all[0].shape) along axis \(axis)")
    }
    return [try TensorFacts(type, checking: lengths)]
  }

  package func joined(_ inputs: Operands) -> [(input: Int, offset: Int)]? {
    guard let first = inputs[0], let place = try? Checked.axis(axis, rank: first.shape.rank),
      first.shape.dimensions[..<place].allSatisfy({ $0 == 1 })
    else { return nil }
    var offset = 0
    return (0..<inputs.count).map { index in
      defer { offset += inputs[index]?.byteCount ?? 0 }
      return (index, offset)
    }
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let first = try inputs.required(0)
    let place = try Checked.axis(axis, rank: first.shape.rank)
    let outer = first.shape.dimensions[..<place].reduce(1, *)
    let width = first.elementType.byteWidth
    // Bytes of each input for one step of the dimensions before the axis.
    let rows = try (0..<inputs.count).map {
      try inputs.required($0).shape.dimensions[place...].reduce(1, *) * width
    }
    let total = rows.reduce(0, +)
    return Kernel { arguments in
      guard let target = try arguments.output().plannedBytes.baseAddress, total > 0 else { return }
      if rows == [width, width] {
        // Single elements in turns, as real and imaginary parts.
        let isDone = try arguments.input(0).withBytes { first in
          try arguments.input(1).withBytes { second in
            guard let x = first.baseAddress, let y = second.baseAddress else { return false }
            return Movement.interleave(x, y, into: target, count: outer, width: width)
          }
        }
        if isDone { return }
      }
      var offset = 0
      for (index, row) in rows.enumerated() {
        try arguments.input(index).withBytes { bytes in
          guard let source = bytes.baseAddress, row > 0 else { return }
          // The plan may have let it be made where it belongs.
          if source == UnsafeRawPointer(target + offset), outer == 1 { return }
          if outer == 1 {
            Movement.copy(source, to: target + offset, byteCount: row)
          } else {
            Parallel.items(outer, nanoseconds: Double(row) * 0.05) { step in
              (target + offset + step * total).copyMemory(
                from: source + step * row, byteCount: row)
            }
          }
        }
        offset += row
      }
    }
  }
}

extension Movement {
  /// Copies bytes, shared between threads where there are many.
  package static func copy(
    _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, byteCount: Int
  ) {
    let piece = 1 << 18
    let pieces = (byteCount + piece - 1) / piece
    ThreadPool.current.forEachTile(pieces, nanoseconds: Double(byteCount) * 0.05) { index in
      let start = index * piece
      (target + start).copyMemory(from: source + start, byteCount: min(piece, byteCount - start))
    }
  }
}
