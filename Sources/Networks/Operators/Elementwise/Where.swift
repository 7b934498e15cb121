// Room: Networks. The operator Where.

internal import Tensors

/// Elements of one tensor where a condition holds, of another where not; all three broadcast.
package struct WhereOperator: Operator {
  package init(_ node: NodeDescription) throws {}

  package var widening: Widening { .adapts }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(3...3)
    try inputs.requireType(0, .bool)
    let type = try inputs.requireSameType([1, 2])
    let shapes = try (0..<3).map { try inputs.required($0).shape }
    return [TensorFacts(type, try Shape.broadcast(shapes))]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try (0..<3).map { try inputs.required($0).shape }
    let walk = try BroadcastWalk(shapes, to: Shape.broadcast(shapes))
    let width = try inputs.required(1).elementType.byteWidth
    return Kernel { arguments in
      let target = try arguments.output().plannedBytes
      try arguments.input(0).withElements(of: Bool.self) { condition in
        try arguments.input(1).withBytes { a in
          try arguments.input(2).withBytes { b in
            guard let c = condition.baseAddress, let x = a.baseAddress, let y = b.baseAddress,
              let z = target.baseAddress
            else { return }
            switch width {
            case 1: choose(UInt8.self, walk, c, x, y, z)
            case 2: choose(UInt16.self, walk, c, x, y, z)
            case 4: chooseWords(walk, c, x, y, z)
            default: choose(UInt64.self, walk, c, x, y, z)
            }
          }
        }
      }
    }
  }

  /// Words of 32 bits through the vector kernel for floats, which only moves them.
  private func chooseWords(
    _ walk: BroadcastWalk, _ condition: UnsafePointer<Bool>, _ a: UnsafeRawPointer,
    _ b: UnsafeRawPointer, _ target: UnsafeMutableRawPointer
  ) {
    let steps = walk.rowStrides
    guard walk.rowLength >= 16, steps[0] == 1, steps.allSatisfy({ $0 == 0 || $0 == 1 }) else {
      return choose(UInt32.self, walk, condition, a, b, target)
    }
    let (x, y) = (a.assumingMemoryBound(to: Float.self), b.assumingMemoryBound(to: Float.self))
    let z = target.assumingMemoryBound(to: Float.self)
    Parallel.elements(walk.count, nanosecondsPerElement: 0.3) { range in
      walk.forEachPiece(in: range) { start, count, offsets in
        VectorMath.select(
          condition + offsets[0], x + offsets[1], aStep: steps[1], y + offsets[2],
          bStep: steps[2], z + start, count: count)
      }
    }
  }

  private func choose<Bits: BitwiseCopyable>(
    _: Bits.Type, _ walk: BroadcastWalk, _ condition: UnsafePointer<Bool>,
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ target: UnsafeMutableRawPointer
  ) {
    let (x, y) = (a.assumingMemoryBound(to: Bits.self), b.assumingMemoryBound(to: Bits.self))
    let z = target.assumingMemoryBound(to: Bits.self)
    let steps = walk.rowStrides
    Parallel.elements(walk.count) { range in
      walk.forEachPiece(in: range) { start, count, offsets in
        for index in 0..<count {
          z[start &+ index] =
            condition[offsets[0] &+ index &* steps[0]]
            ? x[offsets[1] &+ index &* steps[1]] : y[offsets[2] &+ index &* steps[2]]
        }
      }
    }
  }
}
