// Room: GridFiles. From stored numbers to physical ones: scale and offset, and what is missing.

/// How a variable's stored numbers become physical ones.
///
/// Values agree with xarray's, but for what CF asks for beyond it: numbers outside the valid range and
/// default fill values, where the file was prefilled with them, are missing; so is a `missing_value` that
/// is quoted, or of another precision than the numbers; `_Unsigned` may be written in capitals. Arithmetic
/// is in double precision throughout, and rounded once.
///
/// Source: CF 1.11 sections 2.5.1 (missing data) and 8.1 (packing), NUG appendix A for
/// `_Unsigned`, default fill values and the type of `valid_range`.
public struct Packing: Sendable, Equatable {
  /// The type of the stored numbers, after `_Unsigned`.
  public let storedType: NetCDFType
  /// Multiplies the stored number.
  public let scale: Double
  /// Is added after scaling.
  public let offset: Double
  /// Stored numbers that mean "missing", from `_FillValue` and `missing_value`, else the default.
  public let missing: [NetCDFValues]
  /// The smallest valid number, if there is one.
  public let validLower: NetCDFValues?
  /// The largest valid number, if there is one.
  public let validUpper: NetCDFValues?
  /// Whether the valid range is in physical units rather than stored ones.
  public let rangeIsPhysical: Bool

  /// Whether stored and physical numbers differ.
  public var isPacked: Bool { scale != 1 || offset != 0 }

  /// Reads the packing from `variable`'s attributes.
  ///
  /// Edge cases: a scale factor of 0 or one that is not finite is taken as 1.
  public init(_ variable: NetCDFVariable) {
    self.init(
      type: variable.type, attributes: variable.attributes, isPrefilled: variable.isPrefilled)
  }

  /// Reads the packing of numbers stored as `type` from `attributes`.
  public init(type: NetCDFType, attributes: NetCDFAttributes, isPrefilled: Bool = true) {
    let stored = Packing.effectiveType(type, attributes)
    storedType = stored
    let scale = attributes.number("scale_factor") ?? 1
    let offset = attributes.number("add_offset") ?? 0
    self.scale = scale.isFinite && scale != 0 ? scale : 1
    self.offset = offset.isFinite ? offset : 0

    let wrap = { (value: NetCDFValues) -> [NetCDFValues] in
      Packing.singles(value, declaredAs: type, stored: stored)
    }
    var missing = attributes["_FillValue"].map(wrap) ?? []
    if missing.isEmpty, isPrefilled, let fill = Packing.defaultFill(of: type, as: stored) {
      missing = [fill]
    }
    missing += attributes["missing_value"].map(wrap) ?? []
    self.missing = missing

    let range = attributes["valid_range"]
    let bounds = range.flatMap(\.doubles)?.count == 2 ? range : nil
    let lower = bounds.map { $0.element(0) } ?? attributes["valid_min"]
    let upper = bounds.map { $0.element(1) } ?? attributes["valid_max"]
    let rangeType = bounds?.type ?? lower?.type ?? upper?.type
    let isPacked = self.scale != 1 || self.offset != 0
    // A range in the type of scale_factor, wider than the stored one, is in physical units.
    let isFloating = rangeType == .float || rangeType == .double
    let isWider = type.isInteger || (type == .float && rangeType == .double)
    rangeIsPhysical = isPacked && isFloating && isWider
    if rangeIsPhysical {
      validLower = lower
      validUpper = upper
    } else {
      validLower = lower.flatMap { wrap($0).first }
      validUpper = upper.flatMap { wrap($0).first }
    }
  }

  /// The stored numbers as physical ones in single precision, NaN where missing; nil for text.
  ///
  /// Computed in double precision and rounded once.
  public func floats(_ values: NetCDFValues) -> [Float]? { physical(values) }

  /// The stored numbers as physical ones in double precision, NaN where missing; nil for text.
  public func doubles(_ values: NetCDFValues) -> [Double]? { physical(values) }

  private func physical<R: PhysicalNumber>(_ values: NetCDFValues) -> [R]? {
    switch values {
    case .text, .strings: nil
    case .int8(let values): unpack(values)
    case .uint8(let values): unpack(values)
    case .int16(let values): unpack(values)
    case .uint16(let values): unpack(values)
    case .int32(let values): unpack(values)
    case .uint32(let values): unpack(values)
    case .int64(let values): unpack(values)
    case .uint64(let values): unpack(values)
    case .float(let values): unpack(values)
    case .double(let values): unpack(values)
    }
  }

  private func unpack<T: NetCDFNumber, R: PhysicalNumber>(_ values: [T]) -> [R] {
    let unpacker = Unpacker<T, R>(self)
    return [R](unsafeUninitializedCapacity: values.count) { output, count in
      values.withUnsafeBufferPointer { input in
        guard let source = input.baseAddress, let target = output.baseAddress else { return }
        unpacker.unpack(source, step: 1, count: input.count, into: target)
      }
      count = values.count
    }
  }
}

extension Packing {
  /// The type of `variable`'s stored numbers, after `_Unsigned`.
  static func effectiveType(of variable: NetCDFVariable) -> NetCDFType {
    effectiveType(variable.type, variable.attributes)
  }

  private static func effectiveType(
    _ type: NetCDFType, _ attributes: NetCDFAttributes
  ) -> NetCDFType {
    guard type.isInteger, let flag = attributes.text("_Unsigned")?.lowercased() else {
      return type
    }
    let isSigned = [.int8, .int16, .int32, .int64].contains(type)
    return (flag == "true") == isSigned && (flag == "true" || flag == "false")
      ? type.otherSignedness : type
  }

  private static func defaultFill(of type: NetCDFType, as stored: NetCDFType) -> NetCDFValues? {
    let fill: NetCDFValues? =
      switch type {
      case .int16: Int16.defaultFill.map { .int16([$0]) }
      case .uint16: UInt16.defaultFill.map { .uint16([$0]) }
      case .int32: Int32.defaultFill.map { .int32([$0]) }
      case .uint32: UInt32.defaultFill.map { .uint32([$0]) }
      case .int64: Int64.defaultFill.map { .int64([$0]) }
      case .uint64: UInt64.defaultFill.map { .uint64([$0]) }
      case .float: Float.defaultFill.map { .float([$0]) }
      case .double: Double.defaultFill.map { .double([$0]) }
      case .int8, .uint8, .char, .string, .userDefined: nil
      }
    return fill.flatMap { singles($0, declaredAs: type, stored: stored).first }
  }

  /// The elements of an attribute, each as one number of the stored type, without those that the
  /// stored type cannot have.
  private static func singles(
    _ value: NetCDFValues, declaredAs type: NetCDFType, stored: NetCDFType
  ) -> [NetCDFValues] {
    if value.type == stored { return (0..<value.count).map(value.element) }
    switch (value, stored) {
    // Doubles would round long integers.
    case (.int64(let numbers), .uint64):
      return numbers.compactMap { number in
        number >= 0 || type == .int64 ? .uint64([UInt64(bitPattern: number)]) : nil
      }
    case (.uint64(let numbers), .int64):
      return numbers.compactMap { number in
        number <= Int64.max || type == .uint64 ? .int64([Int64(bitPattern: number)]) : nil
      }
    // 1e20 in single precision is meant to be 1e20 in double precision too.
    case (.float(let numbers), .double):
      return numbers.flatMap { number -> [NetCDFValues] in
        let written = Double("\(number)") ?? Double(number)
        return written == Double(number)
          ? [.double([written])] : [.double([Double(number)]), .double([written])]
      }
    default: break
    }
    var numbers = value.doubles ?? []
    if numbers.isEmpty, let text = value.string, let number = Double(text.trimmingBlanks) {
      numbers = [number]
    }
    let span = stored.size < 8 ? Double(UInt64(1) << UInt64(stored.size * 8)) : 0x1p64
    return numbers.compactMap { number in
      if let exact = NetCDFValues(number, as: stored) { return exact }
      // The same bits read with the other sign, as `_Unsigned` asks for.
      guard type != stored else { return nil }
      return NetCDFValues(number < 0 ? number + span : number - span, as: stored)
    }
  }
}

extension NetCDFValues {
  /// Element `index` alone, in the same type.
  func element(_ index: Int) -> NetCDFValues {
    switch self {
    case .text: self
    case .strings(let values): .strings([values[index]])
    case .int8(let values): .int8([values[index]])
    case .uint8(let values): .uint8([values[index]])
    case .int16(let values): .int16([values[index]])
    case .uint16(let values): .uint16([values[index]])
    case .int32(let values): .int32([values[index]])
    case .uint32(let values): .uint32([values[index]])
    case .int64(let values): .int64([values[index]])
    case .uint64(let values): .uint64([values[index]])
    case .float(let values): .float([values[index]])
    case .double(let values): .double([values[index]])
    }
  }

  /// The first number as a `T`, where that is the type in which it is stored.
  func first<T: NetCDFNumber>(as type: T.Type) -> T? {
    switch self {
    case .text, .strings: nil
    case .int8(let values): values.first as? T
    case .uint8(let values): values.first as? T
    case .int16(let values): values.first as? T
    case .uint16(let values): values.first as? T
    case .int32(let values): values.first as? T
    case .uint32(let values): values.first as? T
    case .int64(let values): values.first as? T
    case .uint64(let values): values.first as? T
    case .float(let values): values.first as? T
    case .double(let values): values.first as? T
    }
  }
}
