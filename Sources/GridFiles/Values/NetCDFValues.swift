// Room: GridFiles. Values as they are stored: of an attribute, or of a part of a variable.

/// Numbers or text in the type in which the file stores them.
public enum NetCDFValues: Sendable, Equatable {
  /// `NC_CHAR` text.
  case text(String)
  /// `NC_STRING` texts.
  case strings([String])
  /// Signed bytes.
  case int8([Int8])
  /// Unsigned bytes.
  case uint8([UInt8])
  /// Signed 16-bit integers.
  case int16([Int16])
  /// Unsigned 16-bit integers.
  case uint16([UInt16])
  /// Signed 32-bit integers.
  case int32([Int32])
  /// Unsigned 32-bit integers.
  case uint32([UInt32])
  /// Signed 64-bit integers.
  case int64([Int64])
  /// Unsigned 64-bit integers.
  case uint64([UInt64])
  /// Single precision.
  case float([Float])
  /// Double precision.
  case double([Double])

  /// The stored type.
  public var type: NetCDFType {
    switch self {
    case .text: .char
    case .strings: .string
    case .int8: .int8
    case .uint8: .uint8
    case .int16: .int16
    case .uint16: .uint16
    case .int32: .int32
    case .uint32: .uint32
    case .int64: .int64
    case .uint64: .uint64
    case .float: .float
    case .double: .double
    }
  }

  /// The number of elements; for `text`, of bytes in UTF-8.
  public var count: Int {
    switch self {
    case .text(let text): text.utf8.count
    case .strings(let values): values.count
    case .int8(let values): values.count
    case .uint8(let values): values.count
    case .int16(let values): values.count
    case .uint16(let values): values.count
    case .int32(let values): values.count
    case .uint32(let values): values.count
    case .int64(let values): values.count
    case .uint64(let values): values.count
    case .float(let values): values.count
    case .double(let values): values.count
    }
  }

  /// The numbers as doubles; nil for text. 64-bit integers beyond 2^53 are rounded.
  public var doubles: [Double]? {
    switch self {
    case .text, .strings: nil
    case .int8(let values): values.map(Double.init)
    case .uint8(let values): values.map(Double.init)
    case .int16(let values): values.map(Double.init)
    case .uint16(let values): values.map(Double.init)
    case .int32(let values): values.map(Double.init)
    case .uint32(let values): values.map(Double.init)
    case .int64(let values): values.map(Double.init)
    case .uint64(let values): values.map { Double($0) }
    case .float(let values): values.map(Double.init)
    case .double(let values): values
    }
  }

  /// The numbers as integers; nil for text, floating point, and integers above `Int.max`.
  public var integers: [Int]? {
    switch self {
    case .text, .strings, .float, .double: return nil
    case .int8(let values): return values.map(Int.init)
    case .uint8(let values): return values.map(Int.init)
    case .int16(let values): return values.map(Int.init)
    case .uint16(let values): return values.map(Int.init)
    case .int32(let values): return values.map(Int.init)
    case .uint32(let values): return values.map(Int.init)
    case .int64(let values): return values.map(Int.init)
    case .uint64(let values):
      let converted = values.compactMap(Int.init(exactly:))
      return converted.count == values.count ? converted : nil
    }
  }

  /// The text, where this is text: the `NC_CHAR` text or a single `NC_STRING`.
  public var string: String? {
    switch self {
    case .text(let text): text
    case .strings(let values) where values.count == 1: values[0]
    default: nil
    }
  }

  /// How CDL would print the values, for people.
  public var cdl: String {
    switch self {
    case .text(let text): "\"\(text)\""
    case .strings(let values): values.map { "\"\($0)\"" }.joined(separator: ", ")
    case .float(let values): values.map { "\($0)" }.joined(separator: ", ")
    case .double(let values): values.map { "\($0)" }.joined(separator: ", ")
    case .uint64(let values): values.map { "\($0)" }.joined(separator: ", ")
    default: (integers ?? []).map { "\($0)" }.joined(separator: ", ")
    }
  }
}

extension NetCDFValues: ExpressibleByStringLiteral {
  /// Text.
  public init(stringLiteral value: String) { self = .text(value) }
}

extension NetCDFValues: ExpressibleByStringInterpolation {}

extension NetCDFValues {
  /// Makes one number of type `type`, or nil where that type cannot hold it exactly.
  package init?(_ number: Double, as type: NetCDFType) {
    func one<T: NetCDFNumber>(_ make: ([T]) -> NetCDFValues) -> NetCDFValues? {
      T(nearest: number).map { make([$0]) }
    }
    let values: NetCDFValues? =
      switch type {
      case .int8: one(NetCDFValues.int8)
      case .uint8: one(NetCDFValues.uint8)
      case .int16: one(NetCDFValues.int16)
      case .uint16: one(NetCDFValues.uint16)
      case .int32: one(NetCDFValues.int32)
      case .uint32: one(NetCDFValues.uint32)
      case .int64: one(NetCDFValues.int64)
      case .uint64: one(NetCDFValues.uint64)
      case .float: one(NetCDFValues.float)
      case .double: one(NetCDFValues.double)
      case .char, .string, .userDefined: nil
      }
    guard let values else { return nil }
    self = values
  }
}
