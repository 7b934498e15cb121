// Room: Networks. Walking operands that broadcast to one shape, row by row.

package import Tensors

/// How operands' elements pair up under broadcasting: dimensions that walk alike are merged, so
/// that equal shapes are one long row, and rows are as long as they can be.
package struct BroadcastWalk: Sendable {
  /// Lengths of the merged dimensions but the innermost, outermost first.
  private let lengths: [Int]
  /// By operand: how far apart neighbours along those dimensions lie.
  private let strides: [[Int]]
  /// The innermost merged dimension.
  package let rowLength: Int
  /// By operand: 1, or 0 where the same element serves the whole row.
  package let rowStrides: [Int]
  package let count: Int

  package init(_ operands: [Shape], to target: Shape) throws {
    let views = try operands.map { shape -> [Int] in
      let padded = [Int](repeating: 1, count: max(target.rank - shape.rank, 0)) + shape.dimensions
      guard padded.count == target.rank,
        zip(padded, target.dimensions).allSatisfy({ $0 == $1 || $0 == 1 })
      else { throw OperatorFault.invalid("shape \(shape) does not broadcast to \(target)") }
      let dense = shape.rowMajorStrides
      let offset = target.rank - shape.rank
      return (0..<target.rank).map { axis in
        axis < offset || padded[axis] == 1 ? 0 : dense[axis - offset]
      }
    }
    self.init(target, strides: views)
  }

  /// Walks `target` with any strides, as transpositions have them.
  package init(_ target: Shape, strides views: [[Int]]) {
    var merged: [Int] = []
    var mergedStrides = [[Int]](repeating: [], count: views.count)
    for axis in 0..<target.rank where target[axis] != 1 {
      let joins =
        !merged.isEmpty
        && views.indices.allSatisfy { operand in
          mergedStrides[operand][merged.count - 1] == views[operand][axis] * target[axis]
        }
      if joins {
        merged[merged.count - 1] *= target[axis]
        for operand in views.indices {
          mergedStrides[operand][merged.count - 1] = views[operand][axis]
        }
      } else {
        merged.append(target[axis])
        for operand in views.indices { mergedStrides[operand].append(views[operand][axis]) }
      }
    }
    rowLength = merged.last ?? 1
    rowStrides = mergedStrides.map { $0.last ?? 0 }
    lengths = Array(merged.dropLast())
    strides = mergedStrides.map { Array($0.dropLast()) }
    count = target.count
  }

  /// Calls `body` for the pieces of rows inside `range` of the target's elements: where the piece
  /// starts, how long it is, and where each operand's elements start.
  package func forEachPiece(
    in range: Range<Int>, _ body: (_ start: Int, _ count: Int, _ offsets: [Int]) -> Void
  ) {
    guard !range.isEmpty, rowLength > 0 else { return }
    var index = [Int](repeating: 0, count: lengths.count)
    var row = range.lowerBound / rowLength
    var column = range.lowerBound % rowLength
    var offsets = [Int](repeating: 0, count: strides.count)
    for axis in stride(from: lengths.count - 1, through: 0, by: -1) {
      index[axis] = row % lengths[axis]
      row /= lengths[axis]
      for operand in strides.indices { offsets[operand] += index[axis] * strides[operand][axis] }
    }
    var starts = offsets
    var position = range.lowerBound
    while position < range.upperBound {
      let piece = min(rowLength - column, range.upperBound - position)
      for operand in starts.indices {
        starts[operand] = offsets[operand] + column * rowStrides[operand]
      }
      body(position, piece, starts)
      position += piece
      column = 0
      var axis = lengths.count - 1
      while axis >= 0 {
        index[axis] += 1
        for operand in offsets.indices { offsets[operand] += strides[operand][axis] }
        if index[axis] < lengths[axis] { break }
        for operand in offsets.indices {
          offsets[operand] -= index[axis] * strides[operand][axis]
        }
        index[axis] = 0
        axis -= 1
      }
    }
  }

  /// Calls `combine` for every pair of two operands' elements and stores what it gives.
  @inline(__always)
  package func combine<A, B, R>(
    _ a: UnsafePointer<A>, _ b: UnsafePointer<B>, into result: UnsafeMutablePointer<R>,
    _ combine: (A, B) -> R
  ) {
    let (aStep, bStep) = (rowStrides[0], rowStrides[1])
    Parallel.elements(count) { range in
      forEachPiece(in: range) { start, count, offsets in
        let (x, y, z) = (a + offsets[0], b + offsets[1], result + start)
        if aStep == 1, bStep == 1 {
          for index in 0..<count { z[index] = combine(x[index], y[index]) }
        } else if aStep == 1, bStep == 0 {
          let value = y[0]
          for index in 0..<count { z[index] = combine(x[index], value) }
        } else if aStep == 0, bStep == 1 {
          let value = x[0]
          for index in 0..<count { z[index] = combine(value, y[index]) }
        } else {
          for index in 0..<count { z[index] = combine(x[index &* aStep], y[index &* bStep]) }
        }
      }
    }
  }
}

extension Shape {
  /// The shape that all of `shapes` broadcast to.
  package static func broadcast(_ shapes: [Shape]) throws -> Shape {
    var result = shapes.first ?? .scalar
    for shape in shapes.dropFirst() { result = try result.broadcast(with: shape) }
    return result
  }
}
