// Room: GridFiles. The bridge from Swift's numbers to the types of NetCDF.

/// A Swift number that NetCDF can store as it is.
protocol NetCDFNumber: Sendable, Comparable {
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
  init?(nearest value: Double) {
    self.init(exactly: value)
  }
}

extension NetCDFNumber where Self: FixedWidthInteger {
  /// This number as a double.
  var asDouble: Double { Double(self) }
}

extension Int8: NetCDFNumber {
  static var netCDFType: NetCDFType { .int8 }
  static var defaultFill: Int8? { nil }
}
extension UInt8: NetCDFNumber {
  static var netCDFType: NetCDFType { .uint8 }
  static var defaultFill: UInt8? { nil }
}
extension Int16: NetCDFNumber {
  static var netCDFType: NetCDFType { .int16 }
  static var defaultFill: Int16? { -32767 }
}
extension UInt16: NetCDFNumber {
  static var netCDFType: NetCDFType { .uint16 }
  static var defaultFill: UInt16? { 65535 }
}
extension Int32: NetCDFNumber {
  static var netCDFType: NetCDFType { .int32 }
  static var defaultFill: Int32? { -2_147_483_647 }
}
extension UInt32: NetCDFNumber {
  static var netCDFType: NetCDFType { .uint32 }
  static var defaultFill: UInt32? { 4_294_967_295 }
}
extension Int64: NetCDFNumber {
  static var netCDFType: NetCDFType { .int64 }
  static var defaultFill: Int64? { -9_223_372_036_854_775_806 }
}
extension UInt64: NetCDFNumber {
  static var netCDFType: NetCDFType { .uint64 }
  static var defaultFill: UInt64? { 18_446_744_073_709_551_614 }
}
extension Float: NetCDFNumber {
  static var netCDFType: NetCDFType { .float }
  static var defaultFill: Float? { 9.9692099683868690e+36 }
  /// `value` rounded to single precision; infinite where it is too large.
  init?(nearest value: Double) { self.init(value) }
  /// This number as a double, exactly.
  var asDouble: Double { Double(self) }
}
extension Double: NetCDFNumber {
  static var netCDFType: NetCDFType { .double }
  static var defaultFill: Double? { 9.9692099683868690e+36 }
  /// `value` itself.
  init?(nearest value: Double) { self = value }
  /// This number itself.
  var asDouble: Double { self }
}
