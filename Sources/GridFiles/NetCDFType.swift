// Room: GridFiles. The element types of NetCDF, and the bridge from them to Swift's numbers.

/// The type in which a variable or an attribute is stored.
public enum NetCDFType: Int32, Sendable, Hashable, CaseIterable {
  /// Compound, opaque and variable-length types, which are described but not read.
  case userDefined = 0
  case int8 = 1
  case char = 2
  case int16 = 3
  case int32 = 4
  case float = 5
  case double = 6
  case uint8 = 7
  case uint16 = 8
  case uint32 = 9
  case int64 = 10
  case uint64 = 11
  case string = 12

  /// Bytes an element takes; 0 where an element has no fixed size.
  public var size: Int {
    switch self {
    case .int8, .uint8, .char: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float: 4
    case .int64, .uint64, .double: 8
    case .string, .userDefined: 0
    }
  }

  /// Whether elements are whole numbers.
  public var isInteger: Bool {
    switch self {
    case .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64: true
    case .char, .float, .double, .string, .userDefined: false
    }
  }

  /// Whether elements are numbers.
  public var isNumeric: Bool { isInteger || self == .float || self == .double }

  /// The name CDL uses, as `ncdump` prints it.
  public var cdlName: String {
    switch self {
    case .userDefined: "user-defined"
    case .int8: "byte"
    case .char: "char"
    case .int16: "short"
    case .int32: "int"
    case .float: "float"
    case .double: "double"
    case .uint8: "ubyte"
    case .uint16: "ushort"
    case .uint32: "uint"
    case .int64: "int64"
    case .uint64: "uint64"
    case .string: "string"
    }
  }

  /// The integer type of the same size and the other signedness, for `_Unsigned`.
  var otherSignedness: NetCDFType {
    switch self {
    case .int8: .uint8
    case .uint8: .int8
    case .int16: .uint16
    case .uint16: .int16
    case .int32: .uint32
    case .uint32: .int32
    case .int64: .uint64
    case .uint64: .int64
    default: self
    }
  }
}

/// A Swift number that NetCDF can store as it is.
public protocol NetCDFNumber: Sendable, Comparable {
  /// The stored type.
  static var netCDFType: NetCDFType { get }
  /// What netCDF writes where nobody wrote; nil for bytes, all of whose values are data.
  static var defaultFill: Self? { get }
  /// The number nearest to `value` that this type has, or nil where there is none near.
  init?(nearest value: Double)
  /// This number as a double, rounded where it has more than 53 bits.
  var asDouble: Double { get }
}

extension FixedWidthInteger {
  /// The integer equal to `value`, or nil: an integer is never rounded to.
  @inlinable public init?(nearest value: Double) {
    self.init(exactly: value)
  }
}

extension NetCDFNumber where Self: FixedWidthInteger {
  /// This number as a double.
  @inlinable public var asDouble: Double { Double(self) }
}

extension Int8: NetCDFNumber {
  public static var netCDFType: NetCDFType { .int8 }
  public static var defaultFill: Int8? { nil }
}
extension UInt8: NetCDFNumber {
  public static var netCDFType: NetCDFType { .uint8 }
  public static var defaultFill: UInt8? { nil }
}
extension Int16: NetCDFNumber {
  public static var netCDFType: NetCDFType { .int16 }
  public static var defaultFill: Int16? { -32767 }
}
extension UInt16: NetCDFNumber {
  public static var netCDFType: NetCDFType { .uint16 }
  public static var defaultFill: UInt16? { 65535 }
}
extension Int32: NetCDFNumber {
  public static var netCDFType: NetCDFType { .int32 }
  public static var defaultFill: Int32? { -2_147_483_647 }
}
extension UInt32: NetCDFNumber {
  public static var netCDFType: NetCDFType { .uint32 }
  public static var defaultFill: UInt32? { 4_294_967_295 }
}
extension Int64: NetCDFNumber {
  public static var netCDFType: NetCDFType { .int64 }
  public static var defaultFill: Int64? { -9_223_372_036_854_775_806 }
}
extension UInt64: NetCDFNumber {
  public static var netCDFType: NetCDFType { .uint64 }
  public static var defaultFill: UInt64? { 18_446_744_073_709_551_614 }
}
extension Float: NetCDFNumber {
  public static var netCDFType: NetCDFType { .float }
  public static var defaultFill: Float? { 9.9692099683868690e+36 }
  /// `value` rounded to single precision; infinite where it is too large.
  @inlinable public init?(nearest value: Double) { self.init(value) }
  /// This number as a double, exactly.
  @inlinable public var asDouble: Double { Double(self) }
}
extension Double: NetCDFNumber {
  public static var netCDFType: NetCDFType { .double }
  public static var defaultFill: Double? { 9.9692099683868690e+36 }
  /// `value` itself.
  @inlinable public init?(nearest value: Double) { self = value }
  /// This number itself.
  @inlinable public var asDouble: Double { self }
}
