// Room: Grids. Moves a box of numbers from one order of dimensions to another.

/// A box in an array: where it begins and how far apart neighbours are along each axis.
struct StridedBox: Sendable {
  var start: Int
  var strides: [Int]
}

/// Copies a box of `counts` elements between two arrays.
///
/// Every element's place must lie inside both arrays: the callers make boxes from checked shapes.
func copyBox(
  _ counts: [Int], from source: [Float], _ from: StridedBox,
  to target: UnsafeMutableBufferPointer<Float>, _ to: StridedBox
) {
  guard counts.allSatisfy({ $0 > 0 }) else { return }
  // Axes of one element say nothing; the axis along which the target is contiguous comes last.
  let axes = counts.indices.filter { counts[$0] > 1 }.sorted {
    abs(to.strides[$0]) > abs(to.strides[$1])
  }
  source.withUnsafeBufferPointer { source in
    let copier = BoxCopier(
      source: source, target: target, counts: axes.map { counts[$0] },
      from: axes.map { from.strides[$0] }, to: axes.map { to.strides[$0] })
    copier.copy(axis: 0, from.start, to.start)
  }
}

private struct BoxCopier {
  let source: UnsafeBufferPointer<Float>
  let target: UnsafeMutableBufferPointer<Float>
  let counts: [Int]
  let from: [Int]
  let to: [Int]

  func copy(axis: Int, _ read: Int, _ write: Int) {
    switch counts.count - axis {
    case ...0: target[write] = source[read]
    case 1: copyRow(axis, read, write)
    case 2 where abs(from[axis]) < abs(from[axis + 1]): copyTransposed(axis, read, write)
    default:
      for index in 0..<counts[axis] {
        copy(axis: axis + 1, read + index * from[axis], write + index * to[axis])
      }
    }
  }

  private func copyRow(_ axis: Int, _ read: Int, _ write: Int) {
    let (count, a, b) = (counts[axis], from[axis], to[axis])
    if a == 1, b == 1 {
      for index in 0..<count { target[write + index] = source[read + index] }
    } else {
      for index in 0..<count { target[write + index * b] = source[read + index * a] }
    }
  }

  /// Blocks keep both the rows read and the rows written in the nearest cache.
  private func copyTransposed(_ axis: Int, _ read: Int, _ write: Int) {
    let block = 32
    let (rows, columns) = (counts[axis], counts[axis + 1])
    for rowStart in stride(from: 0, to: rows, by: block) {
      for columnStart in stride(from: 0, to: columns, by: block) {
        for row in rowStart..<min(rowStart + block, rows) {
          for column in columnStart..<min(columnStart + block, columns) {
            target[write + row * to[axis] + column * to[axis + 1]] =
              source[read + row * from[axis] + column * from[axis + 1]]
          }
        }
      }
    }
  }
}
