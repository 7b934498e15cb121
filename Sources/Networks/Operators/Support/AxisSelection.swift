// Room: Networks. Operators that only choose and order elements: which, axis by axis.

package import Tensors

/// Which elements of its input an operator's output shows: each axis of the output walks along one
/// of the input with a step, from a start.
package struct AxisSelection: Sendable {
  package var axes: [(axis: Int, step: Int)]
  /// Along each axis of the input, where it starts.
  package var starts: [Int]

  package init(axes: [(axis: Int, step: Int)], starts: [Int]) {
    self.axes = axes
    self.starts = starts
  }

  /// Everything, as it is.
  package init(all rank: Int) {
    self.init(
      axes: (0..<rank).map { (axis: $0, step: 1) }, starts: [Int](repeating: 0, count: rank))
  }
}

/// An operator whose outputs show elements of input 0, as `Transpose`, `Slice` and `Split` do: other
/// operators may read those elements where they lie.
package protocol SelectingOperator: Operator {
  /// What output `output` shows of input 0; nil where that is not known.
  func selection(_ inputs: Operands, output: Int) -> AxisSelection?
}

/// Elements of a dense tensor, walked with strides.
package struct StridedWalk: Sendable, Hashable {
  package var shape: [Int]
  package var strides: [Int]
  package var offset = 0

  /// All elements in order.
  package init(dense shape: Shape) {
    self.shape = shape.dimensions
    strides = shape.rowMajorStrides
  }

  /// Whether it is all elements in order.
  package var isDense: Bool {
    guard let dense = try? Shape(checking: shape).rowMajorStrides, offset == 0 else { return false }
    return zip(shape, zip(strides, dense)).allSatisfy { $0 == 1 || $1.0 == $1.1 }
  }

  /// The elements that `selection` shows of these, in a shape of lengths `shape`.
  package func selecting(_ selection: AxisSelection, _ shape: Shape) -> StridedWalk? {
    guard selection.starts.count == strides.count, selection.axes.count == shape.rank,
      shape.count > 0
    else { return nil }
    var result = self
    result.shape = shape.dimensions
    result.strides = selection.axes.map { strides[$0.axis] * $0.step }
    for (start, stride) in zip(selection.starts, strides) { result.offset += start * stride }
    return result
  }

  /// The same elements in the same order under another shape; nil where no strides do that.
  package func reshaped(to target: Shape) -> StridedWalk? {
    guard target.count > 0, shape.reduce(1, *) == target.count else { return nil }
    // Dimensions of both are paired off into groups of equal size; inside a group of the source
    // neighbours must walk as one.
    let source = shape.indices.filter { shape[$0] != 1 }
    var result = [Int](repeating: 0, count: target.rank)
    var (from, to) = (0, 0)
    while from < source.count {
      var size = shape[source[from]]
      var last = from
      while to < target.rank, target[to] == 1 { to += 1 }
      guard to < target.rank else { return nil }
      var made = target[to]
      var end = to
      while size != made {
        if size < made {
          last += 1
          guard last < source.count else { return nil }
          size *= shape[source[last]]
        } else {
          end += 1
          guard end < target.rank else { return nil }
          made *= target[end]
        }
      }
      for index in from..<last
      where strides[source[index]] != strides[source[index + 1]] * shape[source[index + 1]] {
        return nil
      }
      var stride = strides[source[last]]
      for axis in (to...end).reversed() where target[axis] != 1 {
        result[axis] = stride
        stride *= target[axis]
      }
      (from, to) = (last + 1, end + 1)
    }
    var walk = self
    (walk.shape, walk.strides) = (target.dimensions, result)
    return walk
  }
}
