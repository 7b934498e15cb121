// Room: Networks. What the reductions share: which axes, and how rows become one value.

package import Tensors

/// A reduction over some axes, all when none are named.
///
/// **Edge cases**: over no elements a sum is 0, a product 1, a maximum the lowest number, a mean NaN.
/// Floating-point sums are kept in double precision between blocks. **Source**: ONNX Reduce*, opsets
/// 1 to 20; axes are an attribute until opset 12 (`ReduceSum`) or 17, then an input.
package protocol ReductionOperator: Operator {
  static var kind: Reduction { get }
  var axes: ReducedAxes { get }
}

/// A reduction's attributes.
package struct ReducedAxes: Sendable {
  private let axes: [Int]?
  private let keeps: Bool
  private let doesNothingWithout: Bool

  package init(_ node: NodeDescription) throws {
    axes = try node.ints("axes")
    keeps = try node.flag("keepdims", default: true)
    doesNothingWithout = try node.flag("noop_with_empty_axes")
  }

  func resolve(_ inputs: Operands) throws -> (reduced: Set<Int>, result: [Int]) {
    let shape = try inputs.required(0).shape
    let named = try inputs.integers(1) ?? axes ?? []
    let reduced =
      named.isEmpty
      ? Set(doesNothingWithout ? 0..<0 : 0..<shape.rank)
      : Set(try Checked.axes(named, rank: shape.rank))
    let result = shape.dimensions.indices.compactMap { axis -> Int? in
      reduced.contains(axis) ? (keeps ? 1 : nil) : shape[axis]
    }
    return (reduced, result)
  }
}

extension ReductionOperator {
  package var widening: Widening {
    // The extremes of nothing are those of the type.
    let isExtreme = Self.kind == .maximum || Self.kind == .minimum
    return isExtreme ? [.halves, .integers, .booleans, .saturating] : [.halves, .integers]
  }
  package var valueInputs: [Int] { [1] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    [try TensorFacts(inputs.required(0).elementType, checking: axes.resolve(inputs).result)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let plan = try ReductionPlan(input.shape, reduced: axes.resolve(inputs).reduced)
    return try input.elementType.computing(ReductionBody(kind: Self.kind, plan: plan))
  }
}

/// A reduction as rows: `outer` × `length` × `inner`, after a transposition where the reduced axes
/// do not lie together.
struct ReductionPlan: Sendable {
  var outer = 1
  var length = 1
  var inner = 1
  /// How to gather the elements so that the reduced ones lie last; nil when they lie well already.
  var gathered: (shape: Shape, strides: [Int])?

  init(_ shape: Shape, reduced: Set<Int>) throws {
    let axes = Array(0..<shape.rank)
    let real = axes.filter { shape[$0] != 1 }
    let wanted = real.filter(reduced.contains)
    length = wanted.map { shape[$0] }.reduce(1, *)
    guard let first = wanted.first, let last = wanted.last else {
      outer = shape.count
      return
    }
    let between = real.filter { $0 > first && $0 < last }
    if between.allSatisfy(reduced.contains) {
      outer = real.filter { $0 < first }.map { shape[$0] }.reduce(1, *)
      inner = real.filter { $0 > last }.map { shape[$0] }.reduce(1, *)
    } else {
      let order = real.filter { !reduced.contains($0) } + wanted
      let strides = shape.rowMajorStrides
      gathered = (try Shape(checking: order.map { shape[$0] }), order.map { strides[$0] })
      outer = real.filter { !reduced.contains($0) }.map { shape[$0] }.reduce(1, *)
    }
  }
}

private struct ReductionBody: NumberBody {
  let kind: Reduction
  let plan: ReductionPlan

  func run<T: Number>(_: T.Type) throws -> Kernel {
    let width = T.elementType.byteWidth
    let scratch = try plan.gathered.map { try Checked.product($0.shape.count, width) } ?? 0
    return Kernel(scratchBytes: scratch) { arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      try arguments.input(0).withElements(of: T.self) { input in
        guard let y = target.baseAddress, !target.isEmpty else { return }
        var x = input.baseAddress
        if let gathered = plan.gathered, let from = x, let to = arguments.scratch.baseAddress,
          gathered.shape.count > 0
        {
          Movement.gather(
            UnsafeRawPointer(from), strides: gathered.strides, shape: gathered.shape, into: to,
            width: width)
          x = UnsafePointer(to.assumingMemoryBound(to: T.self))
        }
        guard let x else { return }
        rows(x, y)
      }
    }
  }

  private func rows<T: Number>(_ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>) {
    let (length, inner) = (plan.length, plan.inner)
    if T.self == Float.self, length > 0 {
      let (floats, results) = (
        UnsafeRawPointer(x).assumingMemoryBound(to: Float.self),
        UnsafeMutableRawPointer(y).assumingMemoryBound(to: Float.self)
      )
      return FloatReduction(outer: plan.outer, length: length, inner: inner)
        .run(kind, floats, results)
    }
    if inner == 1 {
      Parallel.items(plan.outer, nanoseconds: 5 + Double(length) * 0.5) { row in
        y[row] = reduce(x + row * length, length, 1)
      }
      return
    }
    // Columns in tiles, so that rows are read in order.
    let tile = 64
    let tiles = (inner + tile - 1) / tile
    Parallel.items(plan.outer * tiles, nanoseconds: Double(length * tile) * 0.5) { item in
      let (row, first) = (item / tiles, item % tiles * tile)
      columns(
        x + row * length * inner + first, y + row * inner + first, min(tile, inner - first))
    }
  }

  /// Reduces `count` neighbouring columns.
  private func columns<T: Number>(
    _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>, _ count: Int
  ) {
    let (length, inner) = (plan.length, plan.inner)
    switch kind {
    case .maximum, .minimum:
      for column in 0..<count { y[column] = kind == .maximum ? T.lowest : T.highest }
      for row in 0..<length {
        let line = x + row * inner
        if kind == .maximum {
          for column in 0..<count { y[column] = T.maximum(y[column], line[column]) }
        } else {
          for column in 0..<count { y[column] = T.minimum(y[column], line[column]) }
        }
      }
      return
    default: break
    }
    for column in 0..<count { y[column] = reduce(x + column, length, inner) }
  }

  private func reduce<T: Number>(_ x: UnsafePointer<T>, _ count: Int, _ step: Int) -> T {
    switch kind {
    case .maximum:
      var best = T.lowest
      for index in 0..<count { best = T.maximum(best, x[index &* step]) }
      return best
    case .minimum:
      var best = T.highest
      for index in 0..<count { best = T.minimum(best, x[index &* step]) }
      return best
    case .product:
      if T.elementType.isFloatingPoint {
        var product = 1.0
        for index in 0..<count { product *= x[index &* step].asDouble }
        return T(number: product)
      }
      var product = T.one
      for index in 0..<count { product = T.multiplying(product, x[index &* step]) }
      return product
    default: break
    }
    if T.elementType.isInteger, kind != .rootOfSquares, kind != .logarithmOfSum,
      kind != .logarithmOfSumOfExponentials
    {
      var sum = T.zero
      for index in 0..<count {
        let value = x[index &* step]
        switch kind {
        case .sumOfMagnitudes:
          sum = T.adding(sum, value < .zero ? T.subtracting(.zero, value) : value)
        case .sumOfSquares: sum = T.adding(sum, T.multiplying(value, value))
        default: sum = T.adding(sum, value)
        }
      }
      return kind == .mean ? T.dividing(sum, T(number: Double(count))) : sum
    }
    return T(number: floating(x, count, step))
  }

  private func floating<T: Number>(_ x: UnsafePointer<T>, _ count: Int, _ step: Int) -> Double {
    var sum = 0.0
    if kind == .logarithmOfSumOfExponentials {
      var best = -Double.infinity
      for index in 0..<count { best = max(best, x[index &* step].asDouble) }
      guard best.isFinite else { return best }
      for index in 0..<count { sum += Double.exp(x[index &* step].asDouble - best) }
      return best + Double.log(sum)
    }
    for index in 0..<count {
      let value = x[index &* step].asDouble
      switch kind {
      case .sumOfMagnitudes: sum += abs(value)
      case .sumOfSquares, .rootOfSquares: sum += value * value
      default: sum += value
      }
    }
    switch kind {
    case .mean: return sum / Double(count)
    case .rootOfSquares: return sum.squareRoot()
    case .logarithmOfSum: return Double.log(sum)
    default: return sum
    }
  }
}
