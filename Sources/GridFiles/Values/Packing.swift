// Room: GridFiles. From stored numbers to physical ones: scale and offset, and what is missing.

/// How a variable's stored numbers become physical ones.
///
/// Values agree with xarray's and netCDF4-python's, but where one of them falls short of what a file means:
/// - Numbers outside the valid range are missing (CF 2.5.1; xarray keeps them), except in coordinates, which
///   have nothing missing and whose range is often that of the file they were cut from.
/// - Default fill values are missing where the file was prefilled with them and names no other: nobody
///   wrote there (NUG; xarray keeps them).
/// - A `missing_value` counts if it is quoted, or of another precision than the numbers: it was meant
///   (both compare it as it is, and so never find it).
/// - Everything is compared in the stored type and exactly, 64-bit integers too, and doubles with a scale in
///   single precision (xarray rounds first, and takes neighbours for missing or misses the fill).
/// - `_Unsigned` may be written in capitals, and holds for `missing_value` and the range too (NUG).
/// - `scale_factor` and `add_offset` may be quoted or whole numbers (xarray refuses both).
/// - A range in floating point for packed integers is in physical units (NUG asks besides for the type of
///   `scale_factor`, which writers do not heed); one whose ends are the wrong way round says nothing.
/// Arithmetic is in double precision throughout, and rounded once.
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
  /// Edge cases: a scale factor of 0 makes all values the offset, as writers of constant fields mean it;
  /// one that is NaN makes all missing. A vector of scale factors is not heeded.
  public init(_ variable: NetCDFVariable) {
    let isCoordinate =
      variable.dimensions.count == 1 && variable.dimensions[0].name == variable.name
    self.init(
      type: variable.type,
      attributes: isCoordinate
        ? variable.attributes.removing(["valid_range", "valid_min", "valid_max"])
        : variable.attributes,
      isPrefilled: variable.isPrefilled)
  }

  /// Reads the packing of numbers stored as `type` from `attributes`.
  public init(type: NetCDFType, attributes: NetCDFAttributes, isPrefilled: Bool = true) {
    let stored = Packing.effectiveType(type, attributes)
    storedType = stored
    scale = attributes.number("scale_factor") ?? 1
    offset = attributes.number("add_offset") ?? 0

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
    var lower = bounds.map { $0.element(0) } ?? attributes["valid_min"]
    var upper = bounds.map { $0.element(1) } ?? attributes["valid_max"]
    let rangeType = bounds?.type ?? lower?.type ?? upper?.type
    let isPacked = scale != 1 || offset != 0
    let isFloating = rangeType == .float || rangeType == .double
    // Integers as they are have one range only, but cannot be compared with fractions in their own type.
    rangeIsPhysical =
      isFloating && (type.isInteger || (isPacked && type == .float && rangeType == .double))
    if !rangeIsPhysical {
      lower = lower.flatMap { wrap($0).first }
      upper = upper.flatMap { wrap($0).first }
    }
    if let low = lower?.doubles?.first, let high = upper?.doubles?.first, low > high {
      (lower, upper) = (nil, nil)
    }
    validLower = lower
    validUpper = upper
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
    let numbers = value.doubles ?? value.spelledNumbers
    let span = stored.size < 8 ? Double(UInt64(1) << UInt64(stored.size * 8)) : 0x1p64
    return numbers.compactMap { number in
      if let exact = NetCDFValues(number, as: stored) { return exact }
      // The largest long integers, as floating point has them.
      if stored == .int64, number == 0x1p63, type == stored { return .int64([.max]) }
      if stored == .uint64, number == 0x1p64 { return .uint64([.max]) }
      // The same bits read with the other sign, as `_Unsigned` asks for.
      guard type != stored else { return nil }
      return NetCDFValues(number < 0 ? number + span : number - span, as: stored)
    }
  }
}

extension NetCDFValues {
  /// The numbers that texts spell, with the letters of CDL or without; none where a word is no number.
  fileprivate var spelledNumbers: [Double] {
    let texts: [String] =
      switch self {
      case .text(let text): [text]
      case .strings(let texts): texts
      default: []
      }
    let words = texts.flatMap { text in
      text.split { $0.isWhitespace || $0 == "," || $0 == "\0" }.map(String.init)
    }
    let numbers = words.compactMap { word -> Double? in
      Double(word) ?? ("bBsSlLfF".contains(word.last ?? " ") ? Double(word.dropLast()) : nil)
    }
    return numbers.count == words.count ? numbers : []
  }

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
