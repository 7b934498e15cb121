// Room: Tensors. What a tensor's elements are, and which Swift types stand for them.

/// The type of a tensor's elements.
///
/// Complex numbers have no element type of their own: a complex tensor is a real one whose last
/// dimension is 2 (real part, imaginary part), as ONNX's `DFT` has it.
///
/// Elements of fewer than eight bits take a byte each in memory, their bits at its low end: files
/// pack them, reading unpacks them.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
  case float32, float64, float16, bfloat16
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  case bool
  case float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz, float8e8m0
  case float6e2m3, float6e3m2, float4e2m1
  case int4, uint4, int2, uint2

  /// The bytes one element takes in memory.
  public var byteWidth: Int {
    switch self {
    case .int8, .uint8, .bool, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
      .float8e8m0, .float6e2m3, .float6e3m2, .float4e2m1, .int4, .uint4, .int2, .uint2:
      1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// How many bits of an element carry its value.
  public var bitWidth: Int {
    switch self {
    case .float6e2m3, .float6e3m2: 6
    case .float4e2m1, .int4, .uint4: 4
    case .int2, .uint2: 2
    default: 8 * byteWidth
    }
  }

  /// Whether the elements are floating-point numbers of any width.
  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float64: true
    default: isNarrowFloat
    }
  }

  /// Whether the elements are floats that are stored only: computed in `float32`.
  public var isNarrowFloat: Bool {
    switch self {
    case .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
      .float8e8m0, .float6e2m3, .float6e3m2, .float4e2m1:
      true
    default: false
    }
  }

  /// Whether the elements are integers of fewer than 64 bits.
  public var isNarrowInteger: Bool { isInteger && byteWidth < 8 }

  /// Whether the elements are integers (booleans are not).
  public var isInteger: Bool { !isFloatingPoint && self != .bool }
}

/// A Swift type whose values are a tensor's elements.
///
/// `Float16` elements are used as their bits where the processor lacks the type (`Half`).
public protocol TensorScalar: BitwiseCopyable, Sendable {
  /// The element type that this Swift type stands for.
  static var elementType: ElementType { get }
}

extension Float: TensorScalar {
  /// `ElementType.float32`
  public static var elementType: ElementType { .float32 }
}

extension Double: TensorScalar {
  /// `ElementType.float64`
  public static var elementType: ElementType { .float64 }
}

extension Int8: TensorScalar {
  /// `ElementType.int8`
  public static var elementType: ElementType { .int8 }
}

extension Int16: TensorScalar {
  /// `ElementType.int16`
  public static var elementType: ElementType { .int16 }
}

extension Int32: TensorScalar {
  /// `ElementType.int32`
  public static var elementType: ElementType { .int32 }
}

extension Int64: TensorScalar {
  /// `ElementType.int64`
  public static var elementType: ElementType { .int64 }
}

extension UInt8: TensorScalar {
  /// `ElementType.uint8`
  public static var elementType: ElementType { .uint8 }
}

extension UInt16: TensorScalar {
  /// `ElementType.uint16`
  public static var elementType: ElementType { .uint16 }
}

extension UInt32: TensorScalar {
  /// `ElementType.uint32`
  public static var elementType: ElementType { .uint32 }
}

extension UInt64: TensorScalar {
  /// `ElementType.uint64`
  public static var elementType: ElementType { .uint64 }
}

extension Bool: TensorScalar {
  /// `ElementType.bool`
  public static var elementType: ElementType { .bool }
}
