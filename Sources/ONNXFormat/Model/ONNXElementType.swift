// Room: ONNXFormat. The element types of ONNX tensors, with ONNX's own numbers.

/// The type of a tensor's elements; raw values are those of `TensorProto.DataType`.
///
/// **Source.** ONNX IR specification, `onnx.proto`.
public enum ONNXElementType: Int32, Sendable, Hashable, CaseIterable {
  /// 32-bit IEEE floating point.
  case float32 = 1
  /// Unsigned 8-bit integer.
  case uint8 = 2
  /// Signed 8-bit integer.
  case int8 = 3
  /// Unsigned 16-bit integer.
  case uint16 = 4
  /// Signed 16-bit integer.
  case int16 = 5
  /// Signed 32-bit integer.
  case int32 = 6
  /// Signed 64-bit integer.
  case int64 = 7
  /// Text.
  case string = 8
  /// One byte, 0 or 1.
  case bool = 9
  /// 16-bit IEEE floating point.
  case float16 = 10
  /// 64-bit IEEE floating point.
  case float64 = 11
  /// Unsigned 32-bit integer.
  case uint32 = 12
  /// Unsigned 64-bit integer.
  case uint64 = 13
  /// Two 32-bit floats, real part first.
  case complex64 = 14
  /// Two 64-bit floats, real part first.
  case complex128 = 15
  /// The upper half of a 32-bit float.
  case bfloat16 = 16
  /// 8-bit float: 4 exponent bits, 3 mantissa bits, NaN but no infinity.
  case float8e4m3fn = 17
  /// 8-bit float: 4 exponent bits, 3 mantissa bits, NaN, no infinity, no negative zero.
  case float8e4m3fnuz = 18
  /// 8-bit float: 5 exponent bits, 2 mantissa bits, IEEE-like.
  case float8e5m2 = 19
  /// 8-bit float: 5 exponent bits, 2 mantissa bits, NaN, no infinity, no negative zero.
  case float8e5m2fnuz = 20
  /// Unsigned 4-bit integer, two to a byte, the first in the low bits.
  case uint4 = 21
  /// Signed 4-bit integer, two to a byte, the first in the low bits.
  case int4 = 22
  /// 4-bit float: 2 exponent bits, 1 mantissa bit, two to a byte.
  case float4e2m1 = 23
  /// 8-bit power of two without sign, a scale.
  case float8e8m0 = 24
  /// Unsigned 2-bit integer, four to a byte, the first in the low bits.
  case uint2 = 25
  /// Signed 2-bit integer, four to a byte, the first in the low bits.
  case int2 = 26
  /// 6-bit float: 2 exponent bits, 3 mantissa bits, four in three bytes.
  case float6e2m3 = 27
  /// 6-bit float: 3 exponent bits, 2 mantissa bits, four in three bytes.
  case float6e3m2 = 28

  /// How many bits an element takes; 0 for strings, which have no fixed size.
  public var bitWidth: Int {
    switch self {
    case .string: 0
    case .uint2, .int2: 2
    case .uint4, .int4, .float4e2m1: 4
    case .float6e2m3, .float6e3m2: 6
    case .uint8, .int8, .bool, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
      .float8e8m0:
      8
    case .uint16, .int16, .float16, .bfloat16: 16
    case .float32, .int32, .uint32: 32
    case .float64, .int64, .uint64, .complex64: 64
    case .complex128: 128
    }
  }

  /// How many bytes `count` elements take, the last byte filled up; nil where that overflows.
  public func byteCount(of count: Int) -> Int? {
    let (bits, overflow) = count.multipliedReportingOverflow(by: bitWidth)
    guard !overflow, count >= 0, bits <= Int.max - 7 else { return nil }
    return (bits + 7) / 8
  }

  /// ONNX's name, as in `FLOAT16`.
  public var onnxName: String {
    switch self {
    case .float32: "FLOAT"
    case .float64: "DOUBLE"
    default: "\(self)".uppercased()
    }
  }
}
