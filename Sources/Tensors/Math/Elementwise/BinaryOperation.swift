// Room: Tensors. Arithmetic of two tensors with broadcasting.

internal import CVectorKernels

/// Arithmetic on two numbers.
///
/// **Edge cases**: integers wrap around; an integer divided by 0 is 0; `minimum` and `maximum` are
/// NaN where either operand is. `remainder` has the divisor's sign (Python, ONNX `Mod`), `truncatedRemainder`
/// the dividend's (C, ONNX `Mod` with `fmod = 1`).
public enum BinaryOperation: String, Sendable, Hashable, CaseIterable {
  case add, subtract, multiply, divide, minimum, maximum, power, remainder, truncatedRemainder

  /// The kernel's code; meaningless for the remainders, which have no kernel.
  var code: squall_binary {
    switch self {
    case .add: SQUALL_ADD
    case .subtract: SQUALL_SUB
    case .multiply: SQUALL_MUL
    case .divide: SQUALL_DIV
    case .minimum: SQUALL_MIN
    case .maximum: SQUALL_MAX
    case .power, .remainder, .truncatedRemainder: SQUALL_POW
    }
  }

  var hasKernel: Bool { self != .remainder && self != .truncatedRemainder }

  var nanoseconds: Double {
    switch self {
    case .power, .remainder, .truncatedRemainder: 5
    default: 0.25
    }
  }
}

extension Tensor {
  /// `self operation other`, element by element, shapes broadcast to each other.
  ///
  /// Half-precision operands are widened, combined and rounded.
  ///
  /// **Throws** `elementTypeMismatch` for operands of different types or booleans, `shapeMismatch`
  /// when the shapes do not broadcast.
  public func combined(
    _ operation: BinaryOperation, with other: Tensor
  ) throws(TensorError) -> Tensor {
    let result = try Self.resultShape(self, other, of: operation.rawValue)
    switch elementType {
    case _ where elementType.isNarrowFloat:
      let wide = try converted(to: .float32).combined(
        operation, with: other.converted(to: .float32))
      return wide.converted(to: elementType)
    case .bool:
      throw TensorError(
        .elementTypeMismatch,
        "\(operation.rawValue) of booleans: they have logic, not arithmetic; convert them first")
    default:
      let output = Tensor(uninitialized: result, elementType)
      combine(operation, with: other, into: output)
      return output
    }
  }

  /// The shape both broadcast to, once both have the same element type.
  static func resultShape(
    _ a: Tensor, _ b: Tensor, of operation: String
  ) throws(TensorError) -> Shape {
    guard a.elementType == b.elementType else {
      throw TensorError(
        .elementTypeMismatch,
        "\(operation) of \(a.elementType.rawValue) and \(b.elementType.rawValue): "
          + "both must have one type; convert one of them")
    }
    return try a.shape.broadcast(with: b.shape)
  }

  /// Writes `self operation other` to a dense tensor of the broadcast shape and the same type; not
  /// for half precision and booleans. The output may be an operand of its own shape.
  package func combine(_ operation: BinaryOperation, with other: Tensor, into output: Tensor) {
    switch elementType {
    case .float32 where operation.hasKernel:
      combineFloats(operation, with: other, into: output)
    case .float32: combineFloating(Float.self, operation, other, output)
    case .float64: combineFloating(Double.self, operation, other, output)
    case .int64: combineIntegers(Int64.self, operation, other, output)
    case .uint64: combineIntegers(UInt64.self, operation, other, output)
    case _ where elementType.isNarrowInteger:
      // Computed wide and cut off again, which is the same as wrapping around all along.
      let wide = Tensor(uninitialized: output.shape, .int64)
      converted(to: .int64).combineIntegers(
        Int64.self, operation, other.converted(to: .int64), wide)
      wide.converted(to: elementType).copyElements(to: output.destinationBytes)
    default:
      preconditionFailure("\(elementType.rawValue) elements are converted before arithmetic")
    }
  }

  private func combineFloats(
    _ operation: BinaryOperation, with other: Tensor, into output: Tensor
  ) {
    let kernel = KernelVariant.current.table.pointee.f32_binary[Int(operation.code.rawValue)]
    let target = output.plannedDestination(of: Float.self)
    guard let target = target.baseAddress, output.count > 0 else { return }
    Self.withRowOperands(self, other, output.shape) { left, right, plan in
      left.withStridedElements(of: Float.self) { a in
        right.withStridedElements(of: Float.self) { b in
          plan.forEachRow(nanoseconds: operation.nanoseconds) { place, count, offsets in
            kernel(
              count, a + offsets[0], plan.steps[0], b + offsets[1], plan.steps[1],
              target + place)
          }
        }
      }
    }
  }

  /// Calls `body` with the operands and a walk whose rows have steps of 0 or 1 only; an operand
  /// that lies otherwise is made dense first.
  static func withRowOperands<Result>(
    _ a: Tensor, _ b: Tensor, _ shape: Shape, _ body: (Tensor, Tensor, BroadcastPlan) -> Result
  ) -> Result {
    let plan = rowPlan([a, b], shape)
    if plan.steps.allSatisfy({ $0 == 0 || $0 == 1 }) { return body(a, b, plan) }
    let dense = [a.contiguous(), b.contiguous()]
    return body(dense[0], dense[1], rowPlan(dense, shape))
  }

  static func rowPlan(_ operands: [Tensor], _ shape: Shape) -> BroadcastPlan {
    BroadcastPlan(
      output: shape,
      strides: operands.map {
        guard let strides = $0.broadcastStrides(to: shape) else {
          preconditionFailure("shape \($0.shape) does not broadcast to \(shape)")
        }
        return strides
      })
  }

  /// Writes `body` of each pair of elements, whatever the types.
  @inline(__always)
  static func mapPairs<Input: TensorScalar, Output: TensorScalar>(
    _ a: Tensor, _ b: Tensor, _ output: Tensor, nanoseconds: Double,
    _ body: (Input, Input) -> Output
  ) {
    let target = output.plannedDestination(of: Output.self)
    guard let target = target.baseAddress, output.count > 0 else { return }
    let plan = rowPlan([a, b], output.shape)
    let (aStep, bStep) = (plan.steps[0], plan.steps[1])
    a.withStridedElements(of: Input.self) { a in
      b.withStridedElements(of: Input.self) { b in
        plan.forEachRow(nanoseconds: nanoseconds) { place, count, offsets in
          let (a, b, row) = (a + offsets[0], b + offsets[1], target + place)
          if aStep == 1, bStep == 1 {
            for i in 0..<count { row[i] = body(a[i], b[i]) }
          } else {
            for i in 0..<count { row[i] = body(a[i &* aStep], b[i &* bStep]) }
          }
        }
      }
    }
  }

  private func combineIntegers<Scalar: TensorScalar & FixedWidthInteger>(
    _: Scalar.Type, _ operation: BinaryOperation, _ other: Tensor, _ output: Tensor
  ) {
    typealias Pair = (Scalar, Scalar) -> Scalar
    @inline(__always) func map(_ body: Pair) {
      Self.mapPairs(self, other, output, nanoseconds: 1, body)
    }
    switch operation {
    case .add: map { $0 &+ $1 }
    case .subtract: map { $0 &- $1 }
    case .multiply: map { $0 &* $1 }
    case .divide: map { $1 == 0 ? 0 : $0.dividedReportingOverflow(by: $1).partialValue }
    case .minimum: map { min($0, $1) }
    case .maximum: map { max($0, $1) }
    case .power: map { integerPower($0, $1) }
    case .truncatedRemainder:
      map { $1 == 0 ? 0 : $0.remainderReportingOverflow(dividingBy: $1).partialValue }
    case .remainder:
      map {
        guard $1 != 0 else { return 0 }
        let rest = $0.remainderReportingOverflow(dividingBy: $1).partialValue
        return rest != 0 && (rest < 0) != ($1 < 0) ? rest &+ $1 : rest
      }
    }
  }

  private func combineFloating<Scalar: TensorScalar & FloatingMath>(
    _: Scalar.Type, _ operation: BinaryOperation, _ other: Tensor, _ output: Tensor
  ) {
    @inline(__always) func map(_ body: (Scalar, Scalar) -> Scalar) {
      Self.mapPairs(self, other, output, nanoseconds: operation.nanoseconds, body)
    }
    switch operation {
    case .add: map { $0 + $1 }
    case .subtract: map { $0 - $1 }
    case .multiply: map { $0 * $1 }
    case .divide: map { $0 / $1 }
    case .minimum: map { $0.isNaN ? $0 : ($0 < $1 ? $0 : $1) }
    case .maximum: map { $0.isNaN ? $0 : ($0 > $1 ? $0 : $1) }
    case .power: map { Scalar.power($0, $1) }
    case .truncatedRemainder: map { $0.truncatingRemainder(dividingBy: $1) }
    case .remainder:
      map {
        let rest = $0.truncatingRemainder(dividingBy: $1)
        return rest != 0 && (rest < 0) != ($1 < 0) ? rest + $1 : rest
      }
    }
  }
}

/// `base` to the power `exponent`, wrapping around; 0 for negative exponents of other than ±1.
private func integerPower<Scalar: FixedWidthInteger>(
  _ base: Scalar, _ exponent: Scalar
) -> Scalar {
  if exponent < 0 {
    if base == 1 { return 1 }
    if Scalar.isSigned, base == 0 &- 1 { return exponent & 1 == 0 ? 1 : base }
    return 0
  }
  var (result, factor, left) = (Scalar(1), base, exponent)
  while left > 0 {
    if left & 1 == 1 { result = result &* factor }
    factor = factor &* factor
    left >>= 1
  }
  return result
}
