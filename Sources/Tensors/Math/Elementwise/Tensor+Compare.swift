// Room: Tensors. Comparisons, logic and choice.

internal import CVectorKernels

/// A comparison of two numbers; false where one is NaN, but for `notEqual`.
public enum Comparison: String, Sendable, Hashable, CaseIterable {
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual

  var code: squall_compare {
    switch self {
    case .equal: SQUALL_EQ
    case .notEqual: SQUALL_NE
    case .less: SQUALL_LT
    case .lessOrEqual: SQUALL_LE
    case .greater: SQUALL_GT
    case .greaterOrEqual: SQUALL_GE
    }
  }
}

/// Logic on two booleans.
public enum LogicalOperation: String, Sendable, Hashable, CaseIterable {
  case and, or, exclusiveOr
}

extension Tensor {
  /// Booleans: `self comparison other`, shapes broadcast to each other.
  ///
  /// **Throws** `elementTypeMismatch` for operands of different types, `shapeMismatch` when the
  /// shapes do not broadcast.
  public func compared(
    _ comparison: Comparison, with other: Tensor
  ) throws(TensorError) -> Tensor {
    let shape = try Self.resultShape(self, other, of: comparison.rawValue)
    if elementType.isNarrowFloat {
      return try converted(to: .float32).compared(
        comparison, with: other.converted(to: .float32))
    }
    let output = Tensor(uninitialized: shape, .bool)
    compare(comparison, with: other, into: output)
    return output
  }

  /// Writes `self comparison other` to a dense boolean tensor; not for half precision.
  package func compare(_ comparison: Comparison, with other: Tensor, into output: Tensor) {
    switch elementType {
    case .float32: compareFloats(comparison, other, output)
    case .float64: compareAny(Double.self, comparison, other, output)
    case .int64: compareAny(Int64.self, comparison, other, output)
    case .uint64: compareAny(UInt64.self, comparison, other, output)
    case _ where elementType.isNarrowInteger || elementType == .bool:
      converted(to: .int64).compareAny(
        Int64.self, comparison, other.converted(to: .int64), output)
    default:
      preconditionFailure("half-precision elements are converted before they are compared")
    }
  }

  private func compareFloats(_ comparison: Comparison, _ other: Tensor, _ output: Tensor) {
    let kernel = KernelVariant.current.table.pointee.f32_compare[Int(comparison.code.rawValue)]
    let bytes = output.plannedDestination(of: Bool.self)
    guard let base = bytes.baseAddress, output.count > 0 else { return }
    let target = UnsafeMutableRawPointer(base).assumingMemoryBound(to: UInt8.self)
    Self.withRowOperands(self, other, output.shape) { left, right, plan in
      left.withStridedElements(of: Float.self) { a in
        right.withStridedElements(of: Float.self) { b in
          plan.forEachRow(nanoseconds: 0.3) { place, count, offsets in
            kernel(
              count, a + offsets[0], plan.steps[0], b + offsets[1], plan.steps[1],
              target + place)
          }
        }
      }
    }
  }

  private func compareAny<Scalar: TensorScalar & Comparable>(
    _: Scalar.Type, _ comparison: Comparison, _ other: Tensor, _ output: Tensor
  ) {
    @inline(__always) func map(_ body: (Scalar, Scalar) -> Bool) {
      Self.mapPairs(self, other, output, nanoseconds: 0.5, body)
    }
    switch comparison {
    case .equal: map { $0 == $1 }
    case .notEqual: map { $0 != $1 }
    case .less: map { $0 < $1 }
    case .lessOrEqual: map { $0 <= $1 }
    case .greater: map { $0 > $1 }
    case .greaterOrEqual: map { $0 >= $1 }
    }
  }

  /// `self operation other` of booleans, shapes broadcast to each other.
  ///
  /// **Throws** `elementTypeMismatch` unless both are booleans, `shapeMismatch` when the shapes do
  /// not broadcast.
  public func combined(
    _ operation: LogicalOperation, with other: Tensor
  ) throws(TensorError) -> Tensor {
    let shape = try Self.resultShape(self, other, of: operation.rawValue)
    guard elementType == .bool else {
      throw TensorError(
        .elementTypeMismatch, "\(operation.rawValue) of \(elementType.rawValue): it takes booleans")
    }
    let output = Tensor(uninitialized: shape, .bool)
    @inline(__always) func map(_ body: (Bool, Bool) -> Bool) {
      Self.mapPairs(self, other, output, nanoseconds: 0.5, body)
    }
    switch operation {
    case .and: map { $0 && $1 }
    case .or: map { $0 || $1 }
    case .exclusiveOr: map { $0 != $1 }
    }
    return output
  }

  /// `false` for `true` and the other way round.
  ///
  /// **Throws** `elementTypeMismatch` unless the elements are booleans.
  public func negatedLogically() throws(TensorError) -> Tensor {
    guard elementType == .bool else {
      throw TensorError(.elementTypeMismatch, "not of \(elementType.rawValue): it takes booleans")
    }
    return mapped { (x: Bool) -> Bool in !x }
  }

  /// Where this boolean tensor is true the element of `a`, else of `b`; all three broadcast.
  ///
  /// **Throws** `elementTypeMismatch` unless this is boolean and `a` and `b` have one type,
  /// `shapeMismatch` when the shapes do not broadcast.
  public func choosing(_ a: Tensor, otherwise b: Tensor) throws(TensorError) -> Tensor {
    guard elementType == .bool else {
      throw TensorError(
        .elementTypeMismatch, "choice by \(elementType.rawValue): it takes a boolean condition")
    }
    let shape = try Self.resultShape(a, b, of: "choice").broadcast(with: self.shape)
    let output = Tensor(uninitialized: shape, a.elementType)
    switch a.elementType.byteWidth {
    case 1: choose(UInt8.self, a, b, output)
    case 2: choose(UInt16.self, a, b, output)
    case 4: choose(UInt32.self, a, b, output)
    default: choose(UInt64.self, a, b, output)
    }
    return output
  }

  private func choose<Bits: FixedWidthInteger>(
    _: Bits.Type, _ a: Tensor, _ b: Tensor, _ output: Tensor
  ) {
    guard output.count > 0 else { return }
    let plan = Self.rowPlan([self, a, b], output.shape)
    let (maskStep, aStep, bStep) = (plan.steps[0], plan.steps[1], plan.steps[2])
    let mask = storage.base.assumingMemoryBound(to: UInt8.self) + offset
    let left = a.storage.base.assumingMemoryBound(to: Bits.self) + a.offset
    let right = b.storage.base.assumingMemoryBound(to: Bits.self) + b.offset
    let target = output.storage.base.assumingMemoryBound(to: Bits.self) + output.offset
    plan.forEachRow(nanoseconds: 0.5) { place, count, offsets in
      let (mask, left, right) = (mask + offsets[0], left + offsets[1], right + offsets[2])
      let row = target + place
      for i in 0..<count {
        row[i] = mask[i &* maskStep] != 0 ? left[i &* aStep] : right[i &* bStep]
      }
    }
    withExtendedLifetime((storage, a.storage, b.storage, output.storage)) {}
  }
}
