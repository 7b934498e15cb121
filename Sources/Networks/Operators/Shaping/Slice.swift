// Room: Networks. The operator Slice.

internal import Tensors

/// Part of a tensor: starts, ends and steps along some axes; ends and starts are clamped.
///
/// **Source**: ONNX Slice, opsets 1 (attributes), 10 (inputs, steps).
package struct SliceOperator: SelectingOperator {
  private let attributes: (starts: [Int], ends: [Int], axes: [Int]?)?

  package init(_ node: NodeDescription) throws {
    attributes =
      node.opset < 10
      ? (try node.ints("starts") ?? [], try node.ints("ends") ?? [], try node.ints("axes")) : nil
  }

  package var widening: Widening { .adapts }
  package var valueInputs: [Int] { [1, 2, 3, 4] }

  private struct Window {
    var offset = 0
    var strides: [Int]
    var lengths: [Int]
    var selection: AxisSelection
  }

  private func window(_ inputs: Operands) throws -> Window {
    let shape = try inputs.required(0).shape
    guard let starts = try attributes?.starts ?? inputs.integers(1),
      let ends = try attributes?.ends ?? inputs.integers(2)
    else { throw OperatorFault.invalid("starts or ends are missing") }
    let axes = try attributes.map { $0.axes } ?? inputs.integers(3) ?? Array(0..<starts.count)
    let steps = try inputs.integers(4) ?? [Int](repeating: 1, count: starts.count)
    guard let axes = axes ?? Array(0..<starts.count) as [Int]?, starts.count == ends.count,
      axes.count == starts.count, steps.count == starts.count
    else { throw OperatorFault.invalid("starts, ends, axes and steps differ in number") }
    var result = Window(
      strides: shape.rowMajorStrides, lengths: shape.dimensions,
      selection: AxisSelection(all: shape.rank))
    var seen = Set<Int>()
    for index in starts.indices {
      let axis = try Checked.axis(axes[index], rank: shape.rank)
      guard seen.insert(axis).inserted else {
        throw OperatorFault.invalid("axis \(axis) is sliced twice")
      }
      let (first, count) = try Self.range(
        length: shape[axis], start: starts[index], end: ends[index], step: steps[index])
      result.lengths[axis] = count
      if count > 0 { result.offset += first * result.strides[axis] }
      // A step beyond the dimension takes one element; its stride is never walked.
      result.strides[axis] = count > 1 ? result.strides[axis] * steps[index] : 0
      result.selection.starts[axis] = count > 0 ? first : 0
      result.selection.axes[axis].step = count > 1 ? steps[index] : 0
    }
    return result
  }

  /// The first index and how many there are.
  static func range(
    length: Int, start: Int, end: Int, step: Int
  ) throws -> (first: Int, count: Int) {
    guard step != 0 else { throw OperatorFault.invalid("a step is 0") }
    func wrapped(_ index: Int, _ range: ClosedRange<Int>) -> Int {
      let counted = index < 0 ? index + length : index
      return min(max(counted, range.lowerBound), range.upperBound)
    }
    guard length > 0 else { return (0, 0) }
    if step > 0 {
      let (first, last) = (wrapped(start, 0...length), wrapped(end, 0...length))
      return (first, first < last ? (last - first - 1) / step + 1 : 0)
    }
    let (first, last) = (wrapped(start, -1...length - 1), wrapped(end, -1...length - 1))
    guard first > last else { return (0, 0) }
    // The step's magnitude may be Int.min's, which has no positive twin.
    return (first, Int((UInt(first - last) - 1) / step.magnitude) + 1)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(1...5)
    return [
      try TensorFacts(inputs.required(0).elementType, checking: try window(inputs).lengths)
    ]
  }

  package func selection(_ inputs: Operands, output: Int) -> AxisSelection? {
    (try? window(inputs))?.selection
  }

  package func viewedInput(_ inputs: Operands) -> Int? {
    guard let window = try? window(inputs), window.lengths == inputs[0]?.shape.dimensions,
      window.offset == 0
    else { return nil }
    return 0
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let window = try window(inputs)
    let shape = try Shape(checking: window.lengths)
    let width = try inputs.required(0).elementType.byteWidth
    return Kernel { arguments in
      try arguments.move { source, target in
        Movement.gather(
          source + window.offset * width, strides: window.strides, shape: shape, into: target,
          width: width)
      }
    }
  }
}
