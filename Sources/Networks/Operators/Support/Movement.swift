// Room: Networks. Moving elements of any type between dense and strided places, by their width.

package import Tensors

/// Copies of elements whose type does not matter, only their width in bytes.
package enum Movement {
  /// Reads `shape.count` elements from `source` at `strides` (in elements; 0 repeats, negative walks
  /// backwards) and writes them densely. The caller has checked that every element lies inside.
  package static func gather(
    _ source: UnsafeRawPointer, strides: [Int], shape: Shape,
    into target: UnsafeMutableRawPointer, width: Int
  ) {
    // The plan may have the result lie inside its source.
    if source == UnsafeRawPointer(target) { return }
    StridedCopy(shape: shape, strides: strides).run(from: source, to: target, width: width)
  }

  /// Reads `shape.count` elements densely and writes them at `strides` from `target`.
  package static func scatter(
    _ source: UnsafeRawPointer, shape: Shape, into target: UnsafeMutableRawPointer,
    strides: [Int], width: Int
  ) {
    switch width {
    case 1: scatter(UInt8.self, source, shape, target, strides)
    case 2: scatter(UInt16.self, source, shape, target, strides)
    case 4: scatter(UInt32.self, source, shape, target, strides)
    default: scatter(UInt64.self, source, shape, target, strides)
    }
  }

  private static func scatter<Bits: BitwiseCopyable>(
    _: Bits.Type, _ source: UnsafeRawPointer, _ shape: Shape, _ target: UnsafeMutableRawPointer,
    _ strides: [Int]
  ) {
    let from = source.assumingMemoryBound(to: Bits.self)
    let to = target.assumingMemoryBound(to: Bits.self)
    let walk = BroadcastWalk(shape, strides: [strides])
    let step = walk.rowStrides[0]
    Parallel.elements(shape.count) { range in
      walk.forEachPiece(in: range) { start, count, offsets in
        let (row, result) = (from + start, to + offsets[0])
        if step == 1 {
          result.update(from: row, count: count)
        } else {
          for index in 0..<count { result[index &* step] = row[index] }
        }
      }
    }
  }

  /// Writes one element `count` times.
  package static func fill(
    _ target: UnsafeMutableRawPointer, count: Int, with element: UnsafeRawPointer, width: Int
  ) {
    switch width {
    case 1: fill(UInt8.self, target, count, element)
    case 2: fill(UInt16.self, target, count, element)
    case 4: fill(UInt32.self, target, count, element)
    default: fill(UInt64.self, target, count, element)
    }
  }

  private static func fill<Bits: BitwiseCopyable>(
    _: Bits.Type, _ target: UnsafeMutableRawPointer, _ count: Int, _ element: UnsafeRawPointer
  ) {
    let value = element.loadUnaligned(as: Bits.self)
    let to = target.assumingMemoryBound(to: Bits.self)
    Parallel.elements(count, nanosecondsPerElement: 0.1) { range in
      (to + range.lowerBound).update(repeating: value, count: range.count)
    }
  }
}

extension KernelArguments {
  /// Calls `body` with where input `index`'s elements and output 0's lie.
  package func move(
    _ index: Int = 0, to output: Int = 0,
    _ body: (UnsafeRawPointer, UnsafeMutableRawPointer) throws -> Void
  ) throws {
    let target = try self.output(output)
    try input(index).withBytes { source in
      guard let from = source.baseAddress, let to = target.plannedBytes.baseAddress,
        target.count > 0
      else { return }
      try body(from, to)
    }
  }
}
