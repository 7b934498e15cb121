// Room: Tensors. Functions of one value over whole tensors.

internal import CVectorKernels

extension Tensor {
  /// `function` of each element; `p` and `q` are its parameters.
  ///
  /// float64 is computed in double precision, half precision by widening. Integers have the
  /// functions that keep them integers: absolute value, negation, square, sign, ReLU and clipping.
  ///
  /// **Throws** `elementTypeMismatch` for booleans, and for integers where the result is none.
  public func applying(
    _ function: UnaryFunction, _ p: Float = 1, _ q: Float = 0
  ) throws(TensorError) -> Tensor {
    switch elementType {
    case .float32, .float64:
      let output = Tensor(uninitialized: shape, elementType)
      apply(function, p, q, into: output)
      return output
    case _ where elementType.isNarrowFloat:
      return try converted(to: .float32).applying(function, p, q).converted(to: elementType)
    case .int64: return try applyToIntegers(Int64.self, function, p, q)
    case .uint64: return try applyToIntegers(UInt64.self, function, p, q)
    case _ where elementType.isNarrowInteger:
      let wide = try converted(to: .int64).applyToIntegers(Int64.self, function, p, q)
      // A limit may lie outside the narrow type; everything else wraps around.
      return function == .clip
        ? wide.limited(to: elementType) : wide.converted(to: elementType)
    default:
      throw TensorError(
        .elementTypeMismatch, "\(function.rawValue) of booleans: convert them to numbers first")
    }
  }

  /// Writes `function` of each element of a float32 or float64 tensor to a dense one of its shape.
  package func apply(
    _ function: UnaryFunction, _ p: Float = 1, _ q: Float = 0, into output: Tensor
  ) {
    if elementType == .float64 {
      let target = output.plannedDestination(of: Double.self)
      withElements(of: Double.self) { source in
        ThreadPool.current.forEachRange(count, grain: 1 << 12, nanosecondsPerItem: 10) { range in
          for i in range {
            target[i] = Double.value(of: function, at: source[i], Double(p), Double(q))
          }
        }
      }
    } else {
      let target = output.plannedDestination(of: Float.self)
      withElements(of: Float.self) { source in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        VectorMath.apply(function, p, q, source, target, count: count)
      }
    }
  }

  private func applyToIntegers<Scalar: TensorScalar & FixedWidthInteger>(
    _: Scalar.Type, _ function: UnaryFunction, _ p: Float, _ q: Float
  ) throws(TensorError) -> Tensor {
    switch function {
    case .absolute: return mapped { (x: Scalar) -> Scalar in x < 0 ? 0 &- x : x }
    case .negate: return mapped { (x: Scalar) -> Scalar in 0 &- x }
    case .square: return mapped { (x: Scalar) -> Scalar in x &* x }
    case .sign: return mapped { (x: Scalar) -> Scalar in x > 0 ? 1 : x < 0 ? 0 &- 1 : 0 }
    case .relu: return mapped { (x: Scalar) -> Scalar in max(x, 0) }
    case .floor, .ceil, .roundEven, .truncate: return self
    case .clip:
      let low = Scalar(clampingNumber: Double(p)), high = Scalar(clampingNumber: Double(q))
      return mapped { (x: Scalar) -> Scalar in min(max(x, low), high) }
    default:
      throw TensorError(
        .elementTypeMismatch,
        "\(function.rawValue) of \(elementType.rawValue): convert to float32 first")
    }
  }

  /// `body` of each element, in a new dense tensor.
  @inline(__always)
  func mapped<Input: TensorScalar, Output: TensorScalar>(
    nanoseconds: Double = 0.5, _ body: (Input) -> Output
  ) -> Tensor {
    let output = Tensor(uninitialized: shape, Output.elementType)
    let target = output.plannedDestination(of: Output.self)
    let dense = contiguous()
    // Signed and unsigned integers of one width may be read as each other.
    precondition(MemoryLayout<Input>.size == elementType.byteWidth)
    let source = dense.storage.base.assumingMemoryBound(to: Input.self) + dense.offset
    ThreadPool.current.forEachRange(
      count, grain: 1 << 14, nanosecondsPerItem: nanoseconds
    ) { range in
      for i in range { target[i] = body(source[i]) }
    }
    withExtendedLifetime(dense.storage) {}
    return output
  }
}

extension FixedWidthInteger {
  /// The nearest value to `number` in this type's range, fractions cut off; 0 for NaN.
  init(clampingNumber number: Double) {
    if number.isNaN {
      self = 0
    } else if number >= Double(Self.max) {
      self = .max
    } else if number <= Double(Self.min) {
      self = .min
    } else {
      self = Self(number)
    }
  }
}
