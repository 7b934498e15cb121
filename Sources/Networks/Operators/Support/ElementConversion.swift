// Room: Networks. Tensors of one element type as another: what `Cast` does, and what widening needs.

package import Tensors

/// Conversion between element types.
///
/// **Edge cases**: a float is truncated towards zero; what does not fit 64 bits saturates, what does
/// not fit a narrower integer wraps around, NaN becomes 0; anything but zero is `true`; to half
/// precision and bfloat16 is rounded once, to nearest even; to smaller floats as
/// `SmallFloatRounding` says.
package enum ElementConversion {
  /// `tensor` in `type`, dense; itself when it has the type.
  package static func convert(
    _ tensor: Tensor, to type: ElementType, rounding: SmallFloatRounding = .init()
  ) throws -> Tensor {
    guard tensor.elementType != type else { return tensor.contiguous() }
    let result = try Tensor(working: tensor.shape, type)
    try convert(tensor, into: result, rounding: rounding)
    return result
  }

  /// Writes `tensor`'s elements into dense `result`, which has as many.
  package static func convert(
    _ tensor: Tensor, into result: Tensor, rounding: SmallFloatRounding = .init()
  ) throws {
    guard tensor.count == result.count else {
      throw OperatorFault.invalid("\(tensor.count) elements do not fill \(result.shape)")
    }
    let source = tensor.contiguous()
    if source.elementType == result.elementType {
      source.withBytes { result.plannedBytes.copyMemory(from: $0) }
      return
    }
    if result.elementType == .float32, toFloats(source, result) { return }
    @inline(__always)
    func stage<Source: TensorScalar, Wide: WideScalar>(
      _ source: Tensor, _: Source.Type, into result: Tensor, _ widen: (Source) -> Wide
    ) {
      Self.stage(source, Source.self, into: result, rounding, widen)
    }
    func stageSmall<Source: SmallFloat>(_: Source.Type) {
      let values = SmallFloatTables.values(of: Source.self)
      stage(source, Source.self, into: result) { Double(values[Int($0.bitPattern)]) }
    }
    switch source.elementType {
    case .float32: stage(source, Float.self, into: result) { Double($0) }
    case .float64: stage(source, Double.self, into: result) { $0 }
    case .float16: stage(source, Half.self, into: result) { Double(Float($0)) }
    case .bfloat16: stage(source, BFloat16.self, into: result) { Double(Float($0)) }
    case .int8: stage(source, Int8.self, into: result) { Int64($0) }
    case .int16: stage(source, Int16.self, into: result) { Int64($0) }
    case .int32: stage(source, Int32.self, into: result) { Int64($0) }
    case .int64: stage(source, Int64.self, into: result) { $0 }
    case .uint8: stage(source, UInt8.self, into: result) { Int64($0) }
    case .uint16: stage(source, UInt16.self, into: result) { Int64($0) }
    case .uint32: stage(source, UInt32.self, into: result) { Int64($0) }
    case .uint64: stage(source, UInt64.self, into: result) { $0 }
    case .bool: stage(source, Bool.self, into: result) { $0 ? Int64(1) : 0 }
    case .int4: stage(source, Int4.self, into: result) { Int64($0.value) }
    case .uint4: stage(source, UInt4.self, into: result) { Int64($0.value) }
    case .int2: stage(source, Int2.self, into: result) { Int64($0.value) }
    case .uint2: stage(source, UInt2.self, into: result) { Int64($0.value) }
    case .float8e4m3fn: stageSmall(Float8E4M3FN.self)
    case .float8e4m3fnuz: stageSmall(Float8E4M3FNUZ.self)
    case .float8e5m2: stageSmall(Float8E5M2.self)
    case .float8e5m2fnuz: stageSmall(Float8E5M2FNUZ.self)
    case .float8e8m0: stageSmall(Float8E8M0.self)
    case .float6e2m3: stageSmall(Float6E2M3.self)
    case .float6e3m2: stageSmall(Float6E3M2.self)
    case .float4e2m1: stageSmall(Float4E2M1.self)
    }
  }

  /// Integers that become floats one by one, without a detour; false for other types.
  private static func toFloats(_ source: Tensor, _ result: Tensor) -> Bool {
    func each<Source: TensorScalar>(_: Source.Type, _ convert: (Source) -> Float) -> Bool {
      let target = result.plannedDestination(of: Float.self)
      source.withElements(of: Source.self) { elements in
        guard let x = elements.baseAddress, let y = target.baseAddress else { return }
        Parallel.elements(elements.count, nanosecondsPerElement: 0.3) { range in
          for index in range { y[index] = convert(x[index]) }
        }
      }
      return true
    }
    switch source.elementType {
    case .int8: return each(Int8.self) { Float($0) }
    case .uint8: return each(UInt8.self) { Float($0) }
    case .int32: return each(Int32.self) { Float($0) }
    case .int64: return each(Int64.self) { Float($0) }
    case .bool: return each(Bool.self) { $0 ? 1 : 0 }
    default: return false
    }
  }

  /// Converts piece by piece through the widest type of the source's kind.
  @inline(__always)
  private static func stage<Source: TensorScalar, Wide: WideScalar>(
    _ source: Tensor, _: Source.Type, into result: Tensor, _ rounding: SmallFloatRounding,
    _ widen: (Source) -> Wide
  ) {
    let piece = 2048
    source.withElements(of: Source.self) { elements in
      withUnsafeTemporaryAllocation(of: Wide.self, capacity: piece) { buffer in
        var start = 0
        while start < elements.count {
          let count = min(piece, elements.count - start)
          for index in 0..<count { buffer[index] = widen(elements[start &+ index]) }
          narrow(
            UnsafeBufferPointer(rebasing: buffer[..<count]), into: result, at: start, rounding)
          start += count
        }
      }
    }
  }

  private static func narrow<Wide: WideScalar>(
    _ values: UnsafeBufferPointer<Wide>, into result: Tensor, at start: Int,
    _ rounding: SmallFloatRounding
  ) {
    @inline(__always)
    func store<Target: TensorScalar>(_: Target.Type, _ convert: (Wide) -> Target) {
      let target = result.plannedDestination(of: Target.self)
      for index in values.indices { target[start &+ index] = convert(values[index]) }
    }
    switch result.elementType {
    case .float32: store(Float.self) { $0.float }
    case .float64: store(Double.self) { $0.double }
    case .float16: store(Half.self) { Half($0.oddFloat) }
    case .bfloat16: store(BFloat16.self) { BFloat16($0.oddFloat) }
    case .int8: store(Int8.self) { Int8(truncatingIfNeeded: $0.integer) }
    case .int16: store(Int16.self) { Int16(truncatingIfNeeded: $0.integer) }
    case .int32: store(Int32.self) { Int32(truncatingIfNeeded: $0.integer) }
    case .int64: store(Int64.self) { $0.integer }
    case .uint8: store(UInt8.self) { UInt8(truncatingIfNeeded: $0.integer) }
    case .uint16: store(UInt16.self) { UInt16(truncatingIfNeeded: $0.integer) }
    case .uint32: store(UInt32.self) { UInt32(truncatingIfNeeded: $0.integer) }
    case .uint64: store(UInt64.self) { $0.unsigned }
    case .bool: store(Bool.self) { $0.isTrue }
    case .int4: store(Int4.self) { Int4(truncatingIfNeeded: $0.integer) }
    case .uint4: store(UInt4.self) { UInt4(truncatingIfNeeded: $0.integer) }
    case .int2: store(Int2.self) { Int2(truncatingIfNeeded: $0.integer) }
    case .uint2: store(UInt2.self) { UInt2(truncatingIfNeeded: $0.integer) }
    case .float8e4m3fn: store(Float8E4M3FN.self) { Float8E4M3FN($0.oddFloat, rounding: rounding) }
    case .float8e4m3fnuz:
      store(Float8E4M3FNUZ.self) { Float8E4M3FNUZ($0.oddFloat, rounding: rounding) }
    case .float8e5m2: store(Float8E5M2.self) { Float8E5M2($0.oddFloat, rounding: rounding) }
    case .float8e5m2fnuz:
      store(Float8E5M2FNUZ.self) { Float8E5M2FNUZ($0.oddFloat, rounding: rounding) }
    case .float8e8m0: store(Float8E8M0.self) { Float8E8M0($0.oddFloat, rounding: rounding) }
    case .float6e2m3: store(Float6E2M3.self) { Float6E2M3($0.oddFloat, rounding: rounding) }
    case .float6e3m2: store(Float6E3M2.self) { Float6E3M2($0.oddFloat, rounding: rounding) }
    case .float4e2m1: store(Float4E2M1.self) { Float4E2M1($0.oddFloat, rounding: rounding) }
    }
  }
}

/// The widest type of a kind, and how it becomes the others.
private protocol WideScalar: BitwiseCopyable {
  var double: Double { get }
  var float: Float { get }
  /// The value as a float whose last bit says whether something was lost, so that rounding it
  /// again, to fewer bits, is right.
  var oddFloat: Float { get }
  var integer: Int64 { get }
  var unsigned: UInt64 { get }
  var isTrue: Bool { get }
}

extension Double: WideScalar {
  fileprivate var double: Double { self }
  fileprivate var float: Float { Float(self) }
  fileprivate var oddFloat: Float {
    let nearest = Float(self)
    let back = Double(nearest)
    guard back != self, nearest.isFinite, nearest.bitPattern & 1 == 0 else { return nearest }
    return back.magnitude < magnitude
      ? Float(bitPattern: nearest.bitPattern &+ 1)
      : nearest == 0 ? nearest : Float(bitPattern: nearest.bitPattern &- 1)
  }
  fileprivate var integer: Int64 {
    if isNaN { return 0 }
    if self >= 0x1p63 { return .max }
    if self <= -0x1p63 { return .min }
    return Int64(self)
  }
  fileprivate var unsigned: UInt64 {
    if isNaN { return 0 }
    if self >= 0x1p64 { return .max }
    return self >= 0x1p63 ? UInt64(self) : UInt64(bitPattern: integer)
  }
  fileprivate var isTrue: Bool { self != 0 }
}

extension Int64: WideScalar {
  fileprivate var double: Double { Double(self) }
  fileprivate var float: Float { Float(self) }
  fileprivate var oddFloat: Float { double.oddFloat }
  fileprivate var integer: Int64 { self }
  fileprivate var unsigned: UInt64 { UInt64(bitPattern: self) }
  fileprivate var isTrue: Bool { self != 0 }
}

extension UInt64: WideScalar {
  fileprivate var double: Double { Double(self) }
  fileprivate var float: Float { Float(self) }
  fileprivate var oddFloat: Float { double.oddFloat }
  fileprivate var integer: Int64 { Int64(bitPattern: self) }
  fileprivate var unsigned: UInt64 { self }
  fileprivate var isTrue: Bool { self != 0 }
}

extension Tensor {
  /// The bytes of a planned run's destination; see `plannedDestination(of:)`.
  package var plannedBytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(
      start: storage.base + offset * elementType.byteWidth,
      count: count * elementType.byteWidth)
  }
}
