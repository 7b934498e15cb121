// Room: Tensors. Conversion between element types.

internal import CVectorKernels

extension Tensor {
  /// The same numbers as another element type (ONNX `Cast`).
  ///
  /// **Edge cases**: to a narrower float rounds to nearest, ties to even; a float becomes an integer
  /// by cutting its fraction off, limited to the integer's range, NaN becoming 0; a wide integer
  /// becomes a narrow one by its low bits; what is too large for a float of eight bits or fewer
  /// becomes its largest; booleans are 0 and 1, and anything but 0 is true.
  public func converted(to target: ElementType) -> Tensor {
    if target == elementType { return self }
    switch (elementType, target) {
    case (.float16, .float32): return widened { $0.f16_to_f32 }
    case (.bfloat16, .float32): return widened { $0.bf16_to_f32 }
    case (.float32, .float16): return narrowed(.float16) { $0.f32_to_f16 }
    case (.float32, .bfloat16): return narrowed(.bfloat16) { $0.f32_to_bf16 }
    case (.float32, _) where target.isNarrowFloat: return shrunk(to: target)
    case (_, .float32) where elementType.isNarrowFloat: return grown()
    case (_, _) where elementType.isNarrowFloat:
      return converted(to: .float32).converted(to: target)
    // Through float, as ONNX Runtime does; rounding twice is at most half a unit more.
    case (_, _) where target.isNarrowFloat: return converted(to: .float32).converted(to: target)
    case (.float32, .float64): return mapped { (x: Float) -> Double in Double(x) }
    case (.float64, .float32): return mapped { (x: Double) -> Float in Float(x) }
    case (.float32, .int64):
      return mapped { (x: Float) -> Int64 in Int64(clampingNumber: Double(x)) }
    case (.float64, .int64): return mapped { (x: Double) -> Int64 in Int64(clampingNumber: x) }
    case (.float32, .bool): return mapped { (x: Float) -> Bool in x != 0 }
    case (.float64, .bool): return mapped { (x: Double) -> Bool in x != 0 }
    case (.float32, .uint64): return converted(to: .float64).converted(to: .uint64)
    case (.float64, .uint64): return mapped { (x: Double) -> UInt64 in UInt64(clampingNumber: x) }
    case (.float32, _), (.float64, _): return converted(to: .int64).limited(to: target)
    case (.int64, .float32): return mapped { (x: Int64) -> Float in Float(x) }
    case (.int64, .float64): return mapped { (x: Int64) -> Double in Double(x) }
    case (.uint64, .float32): return mapped { (x: UInt64) -> Float in Float(x) }
    case (.uint64, .float64): return mapped { (x: UInt64) -> Double in Double(x) }
    case (.uint8, .float32): return mapped { (x: UInt8) -> Float in Float(x) }
    case (.int32, .float32): return mapped { (x: Int32) -> Float in Float(x) }
    case (.int64, _), (.uint64, _): return narrowed(to: target)
    case (.int8, .int64): return mapped { (x: Int8) -> Int64 in Int64(x) }
    case (.int16, .int64): return mapped { (x: Int16) -> Int64 in Int64(x) }
    case (.int32, .int64): return mapped { (x: Int32) -> Int64 in Int64(x) }
    case (.uint8, .int64): return mapped { (x: UInt8) -> Int64 in Int64(x) }
    case (.uint16, .int64): return mapped { (x: UInt16) -> Int64 in Int64(x) }
    case (.uint32, .int64): return mapped { (x: UInt32) -> Int64 in Int64(x) }
    case (.bool, .int64): return mapped { (x: Bool) -> Int64 in x ? 1 : 0 }
    case (.int4, .int64): return mapped { (x: Int4) -> Int64 in Int64(x.value) }
    case (.uint4, .int64): return mapped { (x: UInt4) -> Int64 in Int64(x.value) }
    case (.int2, .int64): return mapped { (x: Int2) -> Int64 in Int64(x.value) }
    case (.uint2, .int64): return mapped { (x: UInt2) -> Int64 in Int64(x.value) }
    // The rest by way of int64: one loop a type, not one a pair of types.
    case (_, _): return converted(to: .int64).converted(to: target)
    }
  }

  /// Floats of eight bits and fewer as float32.
  private func grown() -> Tensor {
    func grown<Small: SmallFloat>(_: Small.Type) -> Tensor {
      let values = SmallFloatTables.values(of: Small.self)
      return mapped { (x: Small) -> Float in values[Int(x.bitPattern)] }
    }
    switch elementType {
    case .float8e4m3fn: return grown(Float8E4M3FN.self)
    case .float8e4m3fnuz: return grown(Float8E4M3FNUZ.self)
    case .float8e5m2: return grown(Float8E5M2.self)
    case .float8e5m2fnuz: return grown(Float8E5M2FNUZ.self)
    case .float8e8m0: return grown(Float8E8M0.self)
    case .float6e2m3: return grown(Float6E2M3.self)
    case .float6e3m2: return grown(Float6E3M2.self)
    default: return grown(Float4E2M1.self)
    }
  }

  /// float32 as floats of eight bits and fewer.
  private func shrunk(to target: ElementType) -> Tensor {
    switch target {
    case .float8e4m3fn: mapped { (x: Float) -> Float8E4M3FN in Float8E4M3FN(x) }
    case .float8e4m3fnuz: mapped { (x: Float) -> Float8E4M3FNUZ in Float8E4M3FNUZ(x) }
    case .float8e5m2: mapped { (x: Float) -> Float8E5M2 in Float8E5M2(x) }
    case .float8e5m2fnuz: mapped { (x: Float) -> Float8E5M2FNUZ in Float8E5M2FNUZ(x) }
    case .float8e8m0: mapped { (x: Float) -> Float8E8M0 in Float8E8M0(x) }
    case .float6e2m3: mapped { (x: Float) -> Float6E2M3 in Float6E2M3(x) }
    case .float6e3m2: mapped { (x: Float) -> Float6E3M2 in Float6E3M2(x) }
    default: mapped { (x: Float) -> Float4E2M1 in Float4E2M1(x) }
    }
  }

  /// Eight-byte integers cut down to the low bits of `target`; booleans are what is not 0.
  private func narrowed(to target: ElementType) -> Tensor {
    switch target {
    case .int8, .uint8:
      return mapped { (x: UInt64) -> UInt8 in UInt8(truncatingIfNeeded: x) }.seen(as: target)
    case .int16, .uint16:
      return mapped { (x: UInt64) -> UInt16 in UInt16(truncatingIfNeeded: x) }.seen(as: target)
    case .int32, .uint32:
      return mapped { (x: UInt64) -> UInt32 in UInt32(truncatingIfNeeded: x) }.seen(as: target)
    case .bool: return mapped { (x: UInt64) -> Bool in x != 0 }
    case .int4, .uint4:
      return mapped { (x: UInt64) -> UInt8 in UInt8(truncatingIfNeeded: x & 15) }.seen(as: target)
    case .int2, .uint2:
      return mapped { (x: UInt64) -> UInt8 in UInt8(truncatingIfNeeded: x & 3) }.seen(as: target)
    default: return contiguous().seen(as: target)
    }
  }

  /// Signed eight-byte integers limited to the range of a narrower type.
  package func limited(to target: ElementType) -> Tensor {
    let (low, high): (Int64, Int64) =
      switch target {
      case .int8: (-128, 127)
      case .int16: (-32768, 32767)
      case .int32: (Int64(Int32.min), Int64(Int32.max))
      case .uint8: (0, 255)
      case .uint16: (0, 65535)
      case .uint32: (0, Int64(UInt32.max))
      case .int4: (-8, 7)
      case .uint4: (0, 15)
      case .int2: (-2, 1)
      case .uint2: (0, 3)
      case .bool: (0, 1)
      default: (.min, .max)
      }
    return mapped { (x: Int64) -> Int64 in min(max(x, low), high) }.converted(to: target)
  }

  /// The same bytes read as another type of the same width.
  private func seen(as target: ElementType) -> Tensor {
    Tensor(
      storage: storage, elementType: target, shape: shape, strides: strides, offset: offset)
  }

  private func widened(
    _ kernel: (squall_kernels) -> (Int, UnsafePointer<UInt16>, UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor {
    let output = Tensor(uninitialized: shape, .float32)
    guard let target = output.plannedDestination(of: Float.self).baseAddress else { return output }
    contiguous().seen(as: .uint16).widen(into: target, kernel)
    return output
  }

  /// Writes the numbers whose bits these are.
  private func widen(
    into target: UnsafeMutablePointer<Float>,
    _ kernel: (squall_kernels) -> (Int, UnsafePointer<UInt16>, UnsafeMutablePointer<Float>) -> Void
  ) {
    let convert = kernel(KernelVariant.current.table.pointee)
    withWeights(of: UInt16.self) { source in
      guard let source = source.baseAddress else { return }
      ThreadPool.current.forEachRange(count, grain: 1 << 14, nanosecondsPerItem: 0.2) { range in
        convert(range.count, source + range.lowerBound, target + range.lowerBound)
      }
    }
  }

  /// These weights in half precision (float16 or bfloat16) as float32: computed when they are first
  /// read, and not kept for those who only pack them.
  package func widenedWeights() -> Tensor {
    let isHalf = elementType == .float16 || elementType == .bfloat16
    guard isHalf, isContiguous, count * 2 >= Self.deferredBytes else {
      return converted(to: .float32)
    }
    let source = self
    return Tensor(
      deriving: "widened", settings: [], from: [self], .float32, shape, halves: self
    ) { target in
      let target = target.bindMemory(to: Float.self, capacity: source.count)
      let bits = source.seen(as: .uint16)
      if source.elementType == .float16 {
        bits.widen(into: target) { $0.f16_to_f32 }
      } else {
        bits.widen(into: target) { $0.bf16_to_f32 }
      }
    }
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
}
