// Room: Tensors. Sums, extremes and norms along dimensions.

internal import CVectorKernels

/// What the elements along the reduced dimensions become.
public enum Reduction: String, Sendable, Hashable, CaseIterable {
  case sum, mean, minimum, maximum, product
  case sumOfMagnitudes, sumOfSquares, rootOfSquares, logarithmOfSum, logarithmOfSumOfExponentials
}

extension Tensor {
  /// The tensor reduced along `axes` (all of them when empty), each left with a length of 1 or, with
  /// `keepingDimensions` off, dropped.
  ///
  /// Float sums are taken in short blocks whose sums are added in double precision, in an order that
  /// depends on the shape alone. Half precision is widened; integers wrap around and have no roots
  /// or logarithms.
  ///
  /// **Edge cases**: without elements a sum is 0, a product 1, a minimum +∞ (or the largest
  /// integer), a maximum -∞, a mean NaN (0 for integers); NaN is passed on.
  /// **Throws** `shapeMismatch` for dimensions that are not there, `elementTypeMismatch` for types
  /// that cannot.
  /// **Source**: ONNX `ReduceSum` and its kin.
  public func reduced(
    _ reduction: Reduction, axes: [Int] = [], keepingDimensions: Bool = true
  ) throws(TensorError) -> Tensor {
    let chosen = Set(axes.isEmpty ? Array(0..<shape.rank) : axes)
    guard chosen.allSatisfy({ $0 >= 0 && $0 < shape.rank }) else {
      throw TensorError(.shapeMismatch, "reduction of \(shape) along dimensions \(axes)")
    }
    let kept = (0..<shape.rank).filter { !chosen.contains($0) }
    let full = (0..<shape.rank).map { chosen.contains($0) ? 1 : shape[$0] }
    let visible = try Shape(checking: keepingDimensions ? full : kept.map { shape[$0] })
    let work = ReductionWork(tensor: self, kept: kept, reduced: chosen.sorted())
    let result: Tensor
    switch elementType {
    case .float32: result = work.floats(reduction)
    case .float64: result = work.doubles(reduction)
    case _ where elementType.isNarrowFloat:
      return try converted(to: .float32).reduced(
        reduction, axes: axes, keepingDimensions: keepingDimensions
      ).converted(to: elementType)
    case .int64: result = try work.integers(Int64.self, reduction)
    case .uint64: result = try work.integers(UInt64.self, reduction)
    case _ where elementType.isNarrowInteger:
      let wide = try converted(to: .int64).reduced(
        reduction, axes: axes, keepingDimensions: keepingDimensions)
      // The extremes of nothing are the type's own; sums wrap around.
      let isExtreme = reduction == .minimum || reduction == .maximum
      return isExtreme ? wide.limited(to: elementType) : wide.converted(to: elementType)
    default:
      throw TensorError(
        .elementTypeMismatch, "\(reduction.rawValue) of booleans: convert them to numbers first")
    }
    return try result.reshaped(to: visible)
  }
}

/// A reduction laid out as rows: `outer` times `length` times `inner`, of which `length` goes.
struct ReductionWork {
  let source: Tensor
  let outer: Int, length: Int, inner: Int

  init(tensor: Tensor, kept: [Int], reduced: [Int]) {
    func count(_ axes: some Sequence<Int>) -> Int { axes.reduce(1) { $0 * tensor.shape[$1] } }
    length = count(reduced)
    // Dimensions of length 1 do not stand between neighbours.
    let wide = reduced.filter { tensor.shape[$0] != 1 }
    let before = kept.filter { axis in wide.first.map { axis < $0 } ?? true }
    let after = kept.filter { axis in wide.last.map { axis > $0 } ?? false }
    let between = kept.count - before.count - after.count
    if between == 0 {
      source = tensor
      (outer, inner) = (count(before), count(after))
    } else {
      // The reduced dimensions lie apart: bring them to the end.
      let order = kept + reduced
      source = Tensor(
        storage: tensor.storage, elementType: tensor.elementType,
        shape: Shape(order.map { tensor.shape[$0] }), strides: order.map { tensor.strides[$0] },
        offset: tensor.offset)
      (outer, inner) = (count(kept), 1)
    }
  }

  private var resultShape: Shape { Shape([outer * inner]) }

  // MARK: Float

  func floats(_ reduction: Reduction) -> Tensor {
    let output = Tensor(uninitialized: resultShape, .float32)
    let target = output.plannedDestination(of: Float.self)
    guard let target = target.baseAddress, output.count > 0 else { return output }
    source.withElements(of: Float.self) { elements in
      // Without elements the pointer is never read.
      guard let base = elements.baseAddress else { return }
      FloatReduction(outer: outer, length: length, inner: inner).run(reduction, base, target)
    }
    return output
  }

  // MARK: Other types

  func doubles(_ reduction: Reduction) -> Tensor {
    switch reduction {
    case .sum:
      fold(0.0) {
        $0 + $1
      } finish: {
        $0
      }
    case .mean:
      fold(0.0) {
        $0 + $1
      } finish: {
        $0 / Double(length)
      }
    case .minimum:
      fold(Double.infinity) {
        $0.isNaN ? $0 : ($0 < $1 ? $0 : $1)
      } finish: {
        $0
      }
    case .maximum:
      fold(-Double.infinity) {
        $0.isNaN ? $0 : ($0 > $1 ? $0 : $1)
      } finish: {
        $0
      }
    case .product:
      fold(1.0) {
        $0 * $1
      } finish: {
        $0
      }
    case .sumOfMagnitudes:
      fold(0.0) {
        $0 + $1.magnitude
      } finish: {
        $0
      }
    case .sumOfSquares:
      fold(0.0) {
        $0 + $1 * $1
      } finish: {
        $0
      }
    case .rootOfSquares:
      fold(0.0) {
        $0 + $1 * $1
      } finish: {
        $0.squareRoot()
      }
    case .logarithmOfSum:
      fold(0.0) {
        $0 + $1
      } finish: {
        Double.value(of: .log, at: $0)
      }
    case .logarithmOfSumOfExponentials: logarithmOfExponentials()
    }
  }

  private func logarithmOfExponentials() -> Tensor {
    let largest = doubles(.maximum)
    let output = Tensor(uninitialized: resultShape, .float64)
    let target = output.plannedDestination(of: Double.self)
    largest.withElements(of: Double.self) { largest in
      source.withElements(of: Double.self) { values in
        for row in 0..<outer * inner {
          let top = largest[row].isFinite ? largest[row] : 0
          var sum = 0.0
          for i in 0..<length {
            let x = values[(row / inner * length + i) * inner + row % inner]
            sum += Double.value(of: .exp, at: x - top)
          }
          target[row] = Double.value(of: .log, at: sum) + top
        }
      }
    }
    return output
  }

  func integers<Scalar: TensorScalar & FixedWidthInteger>(
    _: Scalar.Type, _ reduction: Reduction
  ) throws(TensorError) -> Tensor {
    switch reduction {
    case .sum:
      return fold(Scalar(0)) {
        $0 &+ $1
      } finish: {
        $0
      }
    case .mean:
      let divisor = Scalar(clamping: length)
      return fold(Scalar(0)) {
        $0 &+ $1
      } finish: {
        divisor == 0 ? 0 : $0 / divisor
      }
    case .minimum:
      return fold(Scalar.max) {
        min($0, $1)
      } finish: {
        $0
      }
    case .maximum:
      return fold(Scalar.min) {
        max($0, $1)
      } finish: {
        $0
      }
    case .product:
      return fold(Scalar(1)) {
        $0 &* $1
      } finish: {
        $0
      }
    case .sumOfMagnitudes:
      return fold(Scalar(0)) {
        $0 &+ ($1 < 0 ? 0 &- $1 : $1)
      } finish: {
        $0
      }
    case .sumOfSquares:
      return fold(Scalar(0)) {
        $0 &+ $1 &* $1
      } finish: {
        $0
      }
    case .rootOfSquares, .logarithmOfSum, .logarithmOfSumOfExponentials:
      throw TensorError(
        .elementTypeMismatch,
        "\(reduction.rawValue) of \(source.elementType.rawValue): convert to float32 first")
    }
  }

  @inline(__always)
  private func fold<Scalar: TensorScalar>(
    _ start: Scalar, _ step: (Scalar, Scalar) -> Scalar, finish: (Scalar) -> Scalar
  ) -> Tensor {
    let output = Tensor(uninitialized: resultShape, Scalar.elementType)
    let target = output.plannedDestination(of: Scalar.self)
    source.withElements(of: Scalar.self) { values in
      ThreadPool.current.forEachRange(
        outer * inner, grain: max(1, (1 << 14) / max(length, 1)),
        nanosecondsPerItem: Double(length)
      ) { range in
        for row in range {
          var result = start
          var place = row / inner * length * inner + row % inner
          for _ in 0..<length {
            result = step(result, values[place])
            place += inner
          }
          target[row] = finish(result)
        }
      }
    }
    return output
  }
}
