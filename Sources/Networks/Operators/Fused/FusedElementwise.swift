// Room: Networks. Element-wise operators that were fused: one pass over memory for all of them.

internal import Tensors

/// A program of element-wise functions over operands that broadcast to one shape.
///
/// **Shapes**: inputs float32, or booleans where they choose; the result is float32.
struct FusedElementwise: FusedOperator {
  let program: ElementwiseProgram
  /// Which inputs are booleans.
  let masks: Set<Int>
  let inputCount: Int

  var inPlaceInputs: [Int] { (0..<inputCount).filter { !masks.contains($0) } }

  func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(inputCount...inputCount)
    for index in 0..<inputCount {
      try inputs.requireType(index, masks.contains(index) ? .bool : .float32)
    }
    let shapes = try (0..<inputCount).map { try inputs.required($0).shape }
    return [TensorFacts(.float32, try Shape.broadcast(shapes))]
  }

  func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try (0..<inputCount).map { try inputs.required($0).shape }
    let target = try Shape.broadcast(shapes)
    if masks.isEmpty, let kernel = byChannels(shapes, target) { return kernel }
    let walks = try shapes.map { try BroadcastWalk([$0], to: target) }
    return Kernel(name: "\(program.steps.count) in one pass") { arguments in
      let output = try arguments.output().plannedDestination(of: Float.self)
      guard let output = output.baseAddress, target.count > 0 else { return }
      try arguments.withInputs(Array(0..<inputCount)) { bases in
        Parallel.elements(target.count, nanosecondsPerElement: program.nanoseconds) { range in
          run(range, bases, walks, output)
        }
      }
    }
  }

  /// Rows shorter than this are joined, although that spreads operands.
  private static let leastRow = 256

  private func run(
    _ range: Range<Int>, _ bases: [UnsafeRawPointer], _ walks: [BroadcastWalk],
    _ output: UnsafeMutablePointer<Float>
  ) {
    let length = ElementwiseProgram.pieceLength
    // What is neither dense nor one number for all; booleans are never one for all.
    let spread = walks.indices.filter { index in
      walks[index].rowLength < walks[index].count
        || masks.contains(index) && walks[index].rowStrides[0] == 0
    }
    let dense = walks.indices.filter { !spread.contains($0) && walks[$0].rowStrides[0] == 1 }
    // Pieces end with long rows, so that nothing needs to be spread over them.
    let shortest = spread.map { walks[$0].rowLength }.min() ?? 0
    let row = shortest >= Self.leastRow ? shortest : Int.max
    Scratch.with(Float.self, count: spread.count * length) { copies in
      var operands = zip(bases, walks).map { base, walk in
        ElementwiseProgram.Operand(base: base, step: walk.rowStrides[0])
      }
      var start = range.lowerBound
      while start < range.upperBound {
        let count = min(length, range.upperBound - start, row - start % row)
        for index in dense {
          operands[index].base = bases[index] + start * (masks.contains(index) ? 1 : 4)
        }
        for (place, index) in spread.enumerated() {
          operands[index] = piece(
            start..<start + count, bases[index], walks[index], isMask: masks.contains(index),
            copy: copies + place * length)
        }
        program.run(operands, count: count, into: output + start)
        start += count
      }
    }
  }

  /// Where an operand's elements for `range` lie: in its own memory where they are neighbours or all
  /// one, else in `copy`.
  private func piece(
    _ range: Range<Int>, _ base: UnsafeRawPointer, _ walk: BroadcastWalk, isMask: Bool,
    copy: UnsafeMutablePointer<Float>
  ) -> ElementwiseProgram.Operand {
    let step = walk.rowStrides[0]
    var found = ElementwiseProgram.Operand(base: UnsafeRawPointer(copy), step: 1)
    walk.forEachPiece(in: range) { start, count, offsets in
      if isMask {
        let source = base.assumingMemoryBound(to: UInt8.self) + offsets[0]
        let target = UnsafeMutableRawPointer(copy).assumingMemoryBound(to: UInt8.self)
        let place = target + (start - range.lowerBound)
        if step == 0 {
          place.update(repeating: source[0], count: count)
        } else {
          place.update(from: source, count: count)
        }
        return
      }
      let source = base.assumingMemoryBound(to: Float.self) + offsets[0]
      if count == range.count {
        found = ElementwiseProgram.Operand(base: UnsafeRawPointer(source), step: step)
      } else if step == 0 {
        (copy + (start - range.lowerBound)).update(repeating: source[0], count: count)
      } else {
        (copy + (start - range.lowerBound)).update(from: source, count: count)
      }
    }
    return found
  }
}
