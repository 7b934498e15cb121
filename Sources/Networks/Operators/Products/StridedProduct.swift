// Room: Networks. Products of two tensors as matrix products over strided memory, without copies.

internal import Tensors

/// A product of two dense float32 tensors, summed over some of their labels, as matrix products of
/// the memory as it lies.
///
/// Labels of the left operand and the result become a product's rows, of the right operand and the
/// result its columns, of both operands its sums; the others, and what no single stride walks over,
/// are loops around it.
struct StridedProduct: Sendable {
  /// A label with its steps through the left operand, the right one and the result; 0 where absent.
  struct Axis: Sendable {
    var length: Int
    var left: Int, right: Int, result: Int
  }

  private let rows: Axis, columns: Axis, sums: Axis
  private let loops: [Axis]
  private let loopCount: Int

  /// Nil where the memory cannot be walked so: then the operands must be rearranged first.
  init?(left: [Int], right: [Int], result: [Int], lengths: [Int: Int]) {
    guard Set(left).count == left.count, Set(right).count == right.count else { return nil }
    func steps(_ labels: [Int]) -> [Int: Int] {
      let strides = Shape(labels.map { lengths[$0] ?? 1 }).rowMajorStrides
      return Dictionary(uniqueKeysWithValues: zip(labels, strides))
    }
    let (leftSteps, rightSteps, resultSteps) = (steps(left), steps(right), steps(result))
    func axis(_ label: Int) -> Axis {
      Axis(
        length: lengths[label] ?? 1, left: leftSteps[label] ?? 0, right: rightSteps[label] ?? 0,
        result: resultSteps[label] ?? 0)
    }
    let (inLeft, inRight, inResult) = (Set(left), Set(right), Set(result))
    // Labels of one operand alone would have to be summed beforehand.
    guard inLeft.union(inRight) == inResult.union(inLeft.intersection(inRight)) else { return nil }
    let ownLeft = result.filter { inLeft.contains($0) && !inRight.contains($0) }
    let ownRight = result.filter { inRight.contains($0) && !inLeft.contains($0) }
    let common = left.filter { inRight.contains($0) && !inResult.contains($0) }
    var loops = result.filter { inLeft.contains($0) && inRight.contains($0) }.map(axis)
    let (sums, otherSums) = Self.merged(common.map(axis))
    let (rows, outerRows) = Self.merged(ownLeft.map(axis))
    let (columns, outerColumns) = Self.merged(ownRight.map(axis))
    guard otherSums.isEmpty else { return nil }
    loops += outerRows + outerColumns
    let isPlain =
      (columns.length == 1 || columns.result == 1)
      && Self.isMatrix(sums.length, sums.left, rows.length, rows.left)
      && Self.isMatrix(sums.length, sums.right, columns.length, columns.right)
      && [rows, columns, sums].allSatisfy {
        max($0.length, $0.left, $0.right, $0.result) <= Int32.max
      }
    guard isPlain, rows.length == 1 || rows.result >= columns.length else { return nil }
    (self.rows, self.columns, self.sums, self.loops) = (rows, columns, sums, loops)
    loopCount = loops.reduce(1) { $0 * $1.length }
  }

  /// The last axes as one, as far as one step walks over them all, and the axes before these.
  private static func merged(_ axes: [Axis]) -> (Axis, [Axis]) {
    var rest = axes.filter { $0.length != 1 }
    guard var merged = rest.popLast() else {
      return (Axis(length: 1, left: 0, right: 0, result: 0), [])
    }
    while let next = rest.last, next.left == merged.left * merged.length,
      next.right == merged.right * merged.length, next.result == merged.result * merged.length
    {
      merged.length *= next.length
      rest.removeLast()
    }
    return (merged, rest)
  }

  /// Whether one of the two steps is 1 and the other goes over the whole of its line.
  private static func isMatrix(_ inner: Int, _ step: Int, _ outer: Int, _ stride: Int) -> Bool {
    (inner == 1 || step == 1) && (outer == 1 || stride >= inner)
      || (outer == 1 || stride == 1) && (inner == 1 || step >= outer)
  }

  /// A matrix whose lines of `inner` elements lie together, or its transpose.
  private static func operand(
    _ base: UnsafePointer<Float>, inner: Int, _ step: Int, outer: Int, _ stride: Int
  ) -> MatrixOperand<Float> {
    if inner == 1 || step == 1, outer == 1 || stride >= inner {
      return MatrixOperand(base, stride: outer == 1 ? max(inner, 1) : stride)
    }
    return MatrixOperand(base, stride: inner == 1 ? max(outer, 1) : step, transposed: true)
  }

  private func offsets(_ index: Int) -> (left: Int, right: Int, result: Int) {
    var (rest, left, right, result) = (index, 0, 0, 0)
    for axis in loops.reversed() {
      let place = rest % axis.length
      rest /= axis.length
      left += place * axis.left
      right += place * axis.right
      result += place * axis.result
    }
    return (left, right, result)
  }

  /// A constant right operand's matrices, packed; nil where that does not pay.
  func packed(_ weights: Tensor) throws -> [PackedMatrix]? {
    guard canBePacked, sums.length > 0, columns.length > 0 else { return nil }
    var known: [Int: PackedMatrix] = [:]
    return try weights.withWeights(of: Float.self) { source in
      try (0..<loopCount).map { index in
        let start = offsets(index).right
        if let matrix = known[start] { return matrix }
        let values = (0..<sums.length * columns.length).map { place in
          source[
            start + place / columns.length * sums.right + place % columns.length * columns.right]
        }
        let matrix = try PackedMatrix(Tensor(values, shape: [sums.length, columns.length]))
        known[start] = matrix
        return matrix
      }
    }
  }

  /// Roughly what the product takes on one thread: short columns fill no vector, and each turn of the
  /// loops packs its operands anew, unless the right one is packed already.
  func nanoseconds(isPacked: Bool) -> Double {
    let canPack = isPacked && canBePacked
    let width = canPack ? 32 : 16
    let (m, k) = (Double(rows.length), Double(sums.length))
    let n = Double((columns.length + width - 1) / width * width)
    let turn = canPack ? 100 + m * n * k * 0.011 : 400 + m * n * k * 0.015 + (m + n) * k * 0.3
    return Double(loopCount) * turn
  }

  /// Whether a constant right operand's matrices are worth packing, and the left one's rows can be
  /// read by packed products.
  private var canBePacked: Bool {
    rows.length >= 8 && loopCount <= 4096 && (sums.length == 1 || sums.left == 1)
  }

  /// Computes the product; with `packed` matrices, `right` is not read.
  func run(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, packed: [PackedMatrix]?,
    into result: UnsafeMutablePointer<Float>
  ) {
    guard loopCount > 0, rows.length > 0, columns.length > 0 else { return }
    let block = 512
    let blocks = (rows.length + block - 1) / block
    let work =
      Double(loopCount) * Double(rows.length) * Double(columns.length) * Double(sums.length + 1)
    let stride = rows.length == 1 ? columns.length : rows.result
    ThreadPool.current.forEachTile(loopCount * blocks, nanoseconds: work * 0.01) { tile in
      let offset = offsets(tile / blocks)
      let first = tile % blocks * block
      let count = min(block, rows.length - first)
      let source = left + offset.left + first * rows.left
      let target = result + offset.result + first * rows.result
      if let packed {
        packed[tile / blocks].run(
          input: source, count: count, inputStride: rows.left,
          output: target, outputStride: stride)
        return
      }
      MatrixProduct.multiply(
        count, columns.length, sums.length,
        Self.operand(source, inner: sums.length, sums.left, outer: rows.length, rows.left),
        Self.operand(
          right + offset.right, inner: columns.length, columns.right, outer: sums.length,
          sums.right),
        target, stride: stride)
    }
  }
}
