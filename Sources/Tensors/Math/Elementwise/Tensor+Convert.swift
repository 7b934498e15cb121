// Room: Tensors. Conversion between element types.

internal import CVectorKernels

extension Tensor {
  /// The same numbers as another element type (ONNX `Cast`).
  ///
  /// **Edge cases**: to a narrower float rounds to nearest, ties to even; a float becomes an integer
  /// by cutting its fraction off, limited to the integer's range, NaN becoming 0; a wide integer
  /// becomes a narrow one by its low bits; booleans are 0 and 1, and anything but 0 is true.
  public func converted(to target: ElementType) -> Tensor {
    if target == elementType { return self }
    switch (elementType, target) {
    case (.float16, .float32): return widened { $0.f16_to_f32 }
    case (.bfloat16, .float32): return widened { $0.bf16_to_f32 }
    case (.float32, .float16): return narrowed(.float16) { $0.f32_to_f16 }
    case (.float32, .bfloat16): return narrowed(.bfloat16) { $0.f32_to_bf16 }
    case (.float16, _), (.bfloat16, _): return converted(to: .float32).converted(to: target)
    // Through float, as ONNX Runtime does; rounding twice is at most half a unit more.
    case (_, .float16), (_, .bfloat16): return converted(to: .float32).converted(to: target)
    case (.float32, _): return convertedFloating(Float.self, to: target)
    case (.float64, _): return convertedFloating(Double.self, to: target)
    case (.int8, _): return convertedInteger(Int8.self, to: target)
    case (.int16, _): return convertedInteger(Int16.self, to: target)
    case (.int32, _): return convertedInteger(Int32.self, to: target)
    case (.int64, _): return convertedInteger(Int64.self, to: target)
    case (.uint8, _): return convertedInteger(UInt8.self, to: target)
    case (.uint16, _): return convertedInteger(UInt16.self, to: target)
    case (.uint32, _): return convertedInteger(UInt32.self, to: target)
    case (.uint64, _): return convertedInteger(UInt64.self, to: target)
    case (.bool, _):
      return mapped { (x: Bool) -> UInt8 in x ? 1 : 0 }.converted(to: target)
    }
  }

  private func widened(
    _ kernel: (squall_kernels) -> (Int, UnsafePointer<UInt16>, UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor {
    let output = Tensor(uninitialized: shape, .float32)
    let dense = contiguous()
    let source = dense.storage.base.assumingMemoryBound(to: UInt16.self) + dense.offset
    guard let target = output.plannedDestination(of: Float.self).baseAddress else { return output }
    let convert = kernel(KernelVariant.current.table.pointee)
    ThreadPool.current.forEachRange(count, grain: 1 << 14, nanosecondsPerItem: 0.2) { range in
      convert(range.count, source + range.lowerBound, target + range.lowerBound)
    }
    withExtendedLifetime(dense.storage) {}
    return output
  }

  private func narrowed(
    _ type: ElementType,
    _ kernel: (squall_kernels) -> (Int, UnsafePointer<Float>, UnsafeMutablePointer<UInt16>) -> Void
  ) -> Tensor {
    let output = Tensor(uninitialized: shape, type)
    let target = output.storage.base.assumingMemoryBound(to: UInt16.self)
    let convert = kernel(KernelVariant.current.table.pointee)
    withElements(of: Float.self) { source in
      guard let source = source.baseAddress else { return }
      ThreadPool.current.forEachRange(count, grain: 1 << 14, nanosecondsPerItem: 0.2) { range in
        convert(range.count, source + range.lowerBound, target + range.lowerBound)
      }
    }
    return output
  }

  private func convertedFloating<Source: TensorScalar & BinaryFloatingPoint>(
    _: Source.Type, to target: ElementType
  ) -> Tensor {
    @inline(__always) func integers<Scalar: TensorScalar & FixedWidthInteger>(
      _: Scalar.Type
    ) -> Tensor {
      mapped(nanoseconds: 1) { (x: Source) -> Scalar in Scalar(clampingNumber: Double(x)) }
    }
    switch target {
    case .float32: return mapped { (x: Source) -> Float in Float(x) }
    case .float64: return mapped { (x: Source) -> Double in Double(x) }
    case .bool: return mapped { (x: Source) -> Bool in x != 0 }
    case .int8: return integers(Int8.self)
    case .int16: return integers(Int16.self)
    case .int32: return integers(Int32.self)
    case .int64: return integers(Int64.self)
    case .uint8: return integers(UInt8.self)
    case .uint16: return integers(UInt16.self)
    case .uint32: return integers(UInt32.self)
    case .uint64: return integers(UInt64.self)
    case .float16, .bfloat16: preconditionFailure("half precision goes through float32")
    }
  }

  private func convertedInteger<Source: TensorScalar & FixedWidthInteger>(
    _: Source.Type, to target: ElementType
  ) -> Tensor {
    @inline(__always) func integers<Scalar: TensorScalar & FixedWidthInteger>(
      _: Scalar.Type
    ) -> Tensor {
      mapped { (x: Source) -> Scalar in Scalar(truncatingIfNeeded: x) }
    }
    switch target {
    case .float32: return mapped { (x: Source) -> Float in Float(x) }
    case .float64: return mapped { (x: Source) -> Double in Double(x) }
    case .bool: return mapped { (x: Source) -> Bool in x != 0 }
    case .int8: return integers(Int8.self)
    case .int16: return integers(Int16.self)
    case .int32: return integers(Int32.self)
    case .int64: return integers(Int64.self)
    case .uint8: return integers(UInt8.self)
    case .uint16: return integers(UInt16.self)
    case .uint32: return integers(UInt32.self)
    case .uint64: return integers(UInt64.self)
    case .float16, .bfloat16: preconditionFailure("half precision goes through float32")
    }
  }
}
