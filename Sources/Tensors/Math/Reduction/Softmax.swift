// Room: Tensors. Softmax, normalisation of rows, and where extremes lie.

internal import CVectorKernels

extension Tensor {
  /// `exp(x - max) / sum` along dimension `axis`, or with `logarithm` its logarithm.
  ///
  /// **Throws** `shapeMismatch` for a dimension that is not there, `elementTypeMismatch` for
  /// integers and booleans.
  /// **Source**: ONNX `Softmax` and `LogSoftmax`, opset 13.
  public func softmax(axis: Int, logarithm: Bool = false) throws(TensorError) -> Tensor {
    guard axis >= 0, axis < shape.rank else {
      throw TensorError(.shapeMismatch, "softmax along dimension \(axis) of \(shape)")
    }
    guard elementType.isFloatingPoint else {
      throw TensorError(
        .elementTypeMismatch, "softmax of \(elementType.rawValue): convert to float32 first")
    }
    if axis != shape.rank - 1, elementType == .float32 {
      let output = Tensor(uninitialized: shape, .float32)
      guard let target = output.plannedDestination(of: Float.self).baseAddress else {
        return output
      }
      withElements(of: Float.self) {
        guard let source = $0.baseAddress else { return }
        VectorMath.softmaxColumns(
          source, outer: shape.dimensions[..<axis].reduce(1, *), count: shape[axis],
          inner: shape.dimensions[(axis + 1)...].reduce(1, *), logarithm: logarithm, target)
      }
      return output
    }
    if axis != shape.rank - 1 {
      var order = Array(0..<shape.rank)
      order.swapAt(axis, shape.rank - 1)
      return try transposed(order).softmax(axis: shape.rank - 1, logarithm: logarithm)
        .transposed(order).contiguous()
    }
    let (count, rows) = (shape[axis], shape.count / max(shape[axis], 1))
    switch elementType {
    case .float32:
      let output = Tensor(uninitialized: shape, .float32)
      guard let target = output.plannedDestination(of: Float.self).baseAddress else {
        return output
      }
      withElements(of: Float.self) {
        guard let source = $0.baseAddress else { return }
        VectorMath.softmax(rows: rows, count: count, source, target, logarithm: logarithm)
      }
      return output
    case .float64:
      let largest = try reduced(.maximum, axes: [axis])
      let shifted = try combined(.subtract, with: largest)
      if logarithm {
        let sum = try shifted.reduced(.logarithmOfSumOfExponentials, axes: [axis])
        return try shifted.combined(.subtract, with: sum)
      }
      let powers = try shifted.applying(.exp)
      return try powers.combined(.divide, with: powers.reduced(.sum, axes: [axis]))
    default:
      return try converted(to: .float32).softmax(axis: axis, logarithm: logarithm)
        .converted(to: elementType)
    }
  }

  /// The index (int64) of the largest or smallest element along dimension `axis`: of the first of
  /// equal ones, or with `selectingLast` the last. NaN counts as the extreme.
  ///
  /// **Throws** `shapeMismatch` for a dimension that is not there or has no elements,
  /// `elementTypeMismatch` for booleans.
  /// **Source**: ONNX `ArgMax` and `ArgMin`.
  public func indexOfExtreme(
    largest: Bool, axis: Int, keepingDimension: Bool = true, selectingLast: Bool = false
  ) throws(TensorError) -> Tensor {
    guard axis >= 0, axis < shape.rank, shape[axis] > 0 else {
      throw TensorError(.shapeMismatch, "index of an extreme along dimension \(axis) of \(shape)")
    }
    func find<Scalar: TensorScalar & Comparable>(_: Scalar.Type) throws(TensorError) -> Tensor {
      let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
      let length = shape[axis]
      var lengths = shape.dimensions
      lengths[axis] = 1
      if !keepingDimension { lengths.remove(at: axis) }
      let output = Tensor(uninitialized: try Shape(checking: lengths), .int64)
      let target = output.plannedDestination(of: Int64.self)
      withElements(of: Scalar.self) { values in
        ThreadPool.current.forEachRange(
          output.count, grain: max(1, (1 << 14) / length), nanosecondsPerItem: Double(length)
        ) { range in
          for row in range {
            let start = row / inner * length * inner + row % inner
            var (best, place) = (values[start], 0)
            for i in 1..<max(length, 1) {
              let x = values[start + i * inner]
              // Only NaN is unequal to itself.
              let better = best == best && (x != x || (largest ? x > best : x < best))
              if better || selectingLast && x == best { (best, place) = (x, i) }
            }
            target[row] = Int64(place)
          }
        }
      }
      return output
    }
    switch elementType {
    case .float32: return try find(Float.self)
    case .float64: return try find(Double.self)
    case _ where elementType.isNarrowFloat:
      return try converted(to: .float32).indexOfExtreme(
        largest: largest, axis: axis, keepingDimension: keepingDimension,
        selectingLast: selectingLast)
    case .int64: return try find(Int64.self)
    case .uint64: return try find(UInt64.self)
    case _ where elementType.isNarrowInteger:
      return try converted(to: .int64).indexOfExtreme(
        largest: largest, axis: axis, keepingDimension: keepingDimension,
        selectingLast: selectingLast)
    default:
      throw TensorError(
        .elementTypeMismatch, "index of an extreme of booleans: convert them to numbers first")
    }
  }
}

extension VectorMath {
  /// Each of `rows` rows of `count` values shifted and scaled to mean 0 and variance 1, then
  /// multiplied and shifted: `(x - mean) / sqrt(variance + epsilon) scale[i] + shift[i]`.
  ///
  /// With `scalePerRow` row r takes `scale[r % period]` and `shift[r % period]` throughout
  /// (instance and group normalisation); otherwise value i takes `scale[i]` (layer normalisation).
  package static func normalize(
    rows: Int, count: Int, _ input: UnsafePointer<Float>, scale: UnsafePointer<Float>?,
    shift: UnsafePointer<Float>?, scalePerRow period: Int? = nil, epsilon: Float,
    _ output: UnsafeMutablePointer<Float>
  ) {
    guard count > 0 else { return }
    let kernels = KernelVariant.current.table
    let affine = kernels.pointee.f32_unary[Int(SQUALL_AFFINE.rawValue)]
    let multiply = kernels.pointee.f32_binary[Int(SQUALL_MUL.rawValue)]
    ThreadPool.current.forEachRange(
      rows, grain: max(1, (1 << 14) / count), nanosecondsPerItem: 20 + Double(count) * 0.4
    ) { range in
      for row in range {
        let (source, target) = (input + row * count, output + row * count)
        let mean =
          kernels.pointee.f32_reduce[Int(SQUALL_SUM.rawValue)](count, source, 0)
          / Double(count)
        let squares = kernels.pointee.f32_reduce[Int(SQUALL_SUM_SQUARES.rawValue)](
          count, source, Float(mean))
        // The mean was rounded to float for the squares: take that back out of them.
        let off = mean - Double(Float(mean))
        let variance = max(squares / Double(count) - off * off, 0)
        let inverse = 1 / (variance + Double(epsilon)).squareRoot()
        if let period {
          let factor = inverse * Double(scale?[row % period] ?? 1)
          let rest = Double(shift?[row % period] ?? 0) - mean * factor
          affine(count, source, target, Float(factor), Float(rest))
          continue
        }
        affine(count, source, target, Float(inverse), Float(-mean * inverse))
        if let scale, let shift {
          kernels.pointee.f32_fma(count, target, 1, scale, 1, shift, 1, target)
        } else if let scale {
          multiply(count, target, 1, scale, 1, target)
        }
      }
    }
  }
}
