// Room: GridFiles. The element types of NetCDF, and the bridge from them to Swift's numbers.

/// The type in which a variable or an attribute is stored.
public enum NetCDFType: Int32, Sendable, Hashable, CaseIterable {
  /// Compound, opaque and variable-length types, which are described but not read.
  case userDefined = 0
  /// Signed bytes.
  case int8 = 1
  /// Bytes of text.
  case char = 2
  /// Signed 16-bit integers.
  case int16 = 3
  /// Signed 32-bit integers.
  case int32 = 4
  /// Single precision.
  case float = 5
  /// Double precision.
  case double = 6
  /// Unsigned bytes.
  case uint8 = 7
  /// Unsigned 16-bit integers.
  case uint16 = 8
  /// Unsigned 32-bit integers.
  case uint32 = 9
  /// Signed 64-bit integers.
  case int64 = 10
  /// Unsigned 64-bit integers.
  case uint64 = 11
  /// Texts of any length.
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
