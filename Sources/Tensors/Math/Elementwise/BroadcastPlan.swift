// Room: Tensors. How operands of different shapes are walked together, row by row.

/// The walk over a dense result and up to three operands that broadcast to it.
///
/// Neighbouring dimensions that every operand walks alike are merged, so that most walks are one
/// long row. Tiles depend on the shapes alone.
package struct BroadcastPlan: Sendable {
  /// Elements of one row, and how each operand walks along it: 0, 1 or any other step.
  package let inner: Int
  package let steps: [Int]
  private let outer: [Int]
  private let outerStrides: [Int]  // Operand-major within a dimension.
  private let operands: Int
  private let rows: Int
  private let rowsPerTile: Int, chunk: Int, chunks: Int

  private static let tileElements = 1 << 14

  /// A walk over `output`; each operand's strides already have its rank (0 where it repeats).
  package init(output: Shape, strides operandStrides: [[Int]]) {
    operands = operandStrides.count
    var lengths: [Int] = []
    var strides: [[Int]] = []  // By dimension.
    for index in 0..<output.rank where output[index] != 1 {
      let own = operandStrides.map { $0[index] }
      if let last = strides.last, let length = lengths.last,
        zip(last, own).allSatisfy({ $0 == $1 * output[index] })
      {
        lengths[lengths.count - 1] = length * output[index]
        strides[strides.count - 1] = own
      } else {
        lengths.append(output[index])
        strides.append(own)
      }
    }
    inner = lengths.last ?? 1
    steps = strides.last ?? [Int](repeating: 1, count: operands)
    outer = Array(lengths.dropLast())
    outerStrides = strides.dropLast().flatMap { $0 }
    rows = inner == 0 ? 0 : output.count / inner
    if inner >= Self.tileElements {
      rowsPerTile = 1
      chunk = Self.tileElements
    } else {
      rowsPerTile = max(1, Self.tileElements / max(inner, 1))
      chunk = inner
    }
    chunks = inner == 0 ? 0 : (inner + chunk - 1) / chunk
  }

  /// Calls `body` for every piece of a row: where it begins in the result, how long it is, and where
  /// it begins in each operand. Allocates nothing.
  package func forEachRow(
    nanoseconds: Double,
    _ body: (_ output: Int, _ count: Int, _ offsets: UnsafePointer<Int>) -> Void
  ) {
    guard rows > 0 else { return }
    let blocks = (rows + rowsPerTile - 1) / rowsPerTile
    ThreadPool.current.forEachTile(
      blocks * chunks, nanoseconds: nanoseconds * Double(rows) * Double(inner)
    ) { tile in
      withUnsafeTemporaryAllocation(of: Int.self, capacity: outer.count + operands + 1) { memory in
        guard let index = memory.baseAddress else { return }
        visitRows(of: tile, index: index, offsets: index + outer.count, body)
      }
    }
  }

  private func visitRows(
    of tile: Int, index: UnsafeMutablePointer<Int>, offsets: UnsafeMutablePointer<Int>,
    _ body: (_ output: Int, _ count: Int, _ offsets: UnsafePointer<Int>) -> Void
  ) {
    let start = tile % chunks * chunk
    let count = min(chunk, inner - start)
    let firstRow = tile / chunks * rowsPerTile
    for operand in 0..<operands { offsets[operand] = steps[operand] * start }
    var rest = firstRow
    for axis in stride(from: outer.count - 1, through: 0, by: -1) {
      index[axis] = rest % outer[axis]
      rest /= outer[axis]
      for operand in 0..<operands {
        offsets[operand] += index[axis] * outerStrides[axis * operands + operand]
      }
    }
    for row in firstRow..<min(firstRow + rowsPerTile, rows) {
      body(row * inner + start, count, offsets)
      var axis = outer.count - 1
      while axis >= 0 {
        index[axis] += 1
        let wraps = index[axis] == outer[axis]
        for operand in 0..<operands {
          let step = outerStrides[axis * operands + operand]
          offsets[operand] += wraps ? -(outer[axis] - 1) * step : step
        }
        if !wraps { break }
        index[axis] = 0
        axis -= 1
      }
    }
  }
}

extension Tensor {
  /// The strides with which this tensor repeats to fill `target`; nil when it does not broadcast.
  package func broadcastStrides(to target: Shape) -> [Int]? {
    let missing = target.rank - shape.rank
    guard missing >= 0 else { return nil }
    var result = [Int](repeating: 0, count: target.rank)
    for index in 0..<shape.rank {
      if shape[index] == target[index + missing] {
        result[index + missing] = shape[index] == 1 ? 0 : strides[index]
      } else if shape[index] != 1 {
        return nil
      }
    }
    return result
  }

  /// Calls `body` with where the elements lie, strides and all.
  package func withStridedElements<Scalar: TensorScalar, Result, Failure: Error>(
    of type: Scalar.Type, _ body: (UnsafePointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(
      Scalar.elementType == elementType,
      "a \(elementType.rawValue) tensor has no \(Scalar.elementType.rawValue) elements")
    return try withExtendedLifetime(storage) { () throws(Failure) -> Result in
      try body(UnsafePointer(storage.base.assumingMemoryBound(to: Scalar.self) + offset))
    }
  }
}
