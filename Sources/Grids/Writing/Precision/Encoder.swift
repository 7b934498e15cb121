// Room: Grids. From numbers in memory to those that a file stores: missing values, rounding, packing.

internal import GridFiles

/// Turns numbers into the stored ones of one variable.
struct Encoder: Sendable {
  /// The stored type.
  let type: NetCDFType
  /// How exactly numbers are kept.
  let precision: Precision
  /// What stands for a missing value; nil where the type has none to spare.
  let fill: NetCDFValues?

  init(type: NetCDFType, precision: Precision, fill wanted: NetCDFValues?) {
    self.type = type
    self.precision = precision
    if case .packed = precision {
      fill = Encoder.defaultFill(type)
    } else if type.isInteger {
      // Codes have no missing value unless they come with one.
      fill = wanted.flatMap { $0.count == 1 ? $0.converted(to: type) : nil }
    } else {
      fill = Encoder.defaultFill(type)
    }
  }

  /// The attributes that tell a reader how to undo this.
  var attributes: NetCDFAttributes {
    var result: NetCDFAttributes = [:]
    if let fill { result["_FillValue"] = fill }
    if case .packed(_, let scale, let offset) = precision {
      result["scale_factor"] = .double([scale])
      result["add_offset"] = .double([offset])
    }
    return result
  }

  /// What CF wants to know about a lossy quantisation; nil where there is none.
  var quantisation: (algorithm: String, attribute: String, count: Int)? {
    switch precision {
    case .exact, .multiples, .packed: nil
    case .significantDigits(let digits): ("granular_bitround", "quantization_nsd", digits)
    case .bitGroom(let digits): ("bitgroom", "quantization_nsd", digits)
    case .significantBits(let bits): ("bitround", "quantization_nsb", bits)
    }
  }

  /// What went wrong with a number.
  struct Refusal: Error {
    var message: String
  }

  /// The stored numbers of `values`, NaN being missing.
  ///
  /// Throws: `Refusal` where the type does not fit or a number lies outside the packed range.
  func encode(_ values: NetCDFValues) throws(Refusal) -> NetCDFValues {
    switch values {
    case .float(let numbers): return try encode(numbers)
    case .double(let numbers): return try encode(numbers)
    default:
      // Codes of a smaller type that the format lacks.
      guard let stored = values.converted(to: type), precision == .exact else {
        throw Refusal(message: "cannot take \(values.type.cdlName) as \(type.cdlName)")
      }
      return stored
    }
  }

  private func encode(_ numbers: [Float]) throws(Refusal) -> NetCDFValues {
    guard type == .float else {
      return try encodeWide(numbers.map(Double.init))
    }
    let fill = fill?.floatValue ?? .nan
    switch precision {
    case .exact:
      return .float(Encoder.filled(numbers, fill))
    case .multiples(of: let quantum) where quantum > 0 && quantum.isFinite:
      let inverse = 1 / quantum
      return .float(
        numbers.map { $0.isNaN ? fill : Float((Double($0) * inverse).rounded() / inverse) })
    case .multiples, .packed:
      return .float(Encoder.filled(numbers, fill))
    case .significantDigits(let digits):
      return .float(Quantiser.granularBitRound(numbers, digits: digits, fill: fill))
    case .bitGroom(let digits):
      return .float(Quantiser.bitGroom(numbers, digits: digits, fill: fill))
    case .significantBits(let bits):
      return .float(Quantiser.bitRound(numbers, bits: bits, fill: fill))
    }
  }

  private func encode(_ numbers: [Double]) throws(Refusal) -> NetCDFValues {
    guard type == .double else {
      if type == .float { return try encode(numbers.map { Float($0) }) }
      return try encodeWide(numbers)
    }
    let fill = fill?.doubles?.first ?? .nan
    switch precision {
    case .exact:
      return .double(Encoder.filled(numbers, fill))
    case .multiples(of: let quantum) where quantum > 0 && quantum.isFinite:
      let inverse = 1 / quantum
      return .double(numbers.map { $0.isNaN ? fill : ($0 * inverse).rounded() / inverse })
    case .multiples, .packed:
      return .double(Encoder.filled(numbers, fill))
    case .significantDigits(let digits):
      return .double(Quantiser.granularBitRound(numbers, digits: digits, fill: fill))
    case .bitGroom(let digits):
      return .double(Quantiser.bitGroom(numbers, digits: digits, fill: fill))
    case .significantBits(let bits):
      return .double(Quantiser.bitRound(numbers, bits: bits, fill: fill))
    }
  }

  /// Packed numbers, and codes that come as floating point.
  private func encodeWide(_ numbers: [Double]) throws(Refusal) -> NetCDFValues {
    if type == .double { return try encode(numbers) }
    var (scale, offset) = (1.0, 0.0)
    if case .packed(_, let givenScale, let givenOffset) = precision {
      (scale, offset) = (givenScale, givenOffset)
    }
    switch type {
    case .int8: return .int8(try pack(numbers, scale, offset))
    case .uint8: return .uint8(try pack(numbers, scale, offset))
    case .int16: return .int16(try pack(numbers, scale, offset))
    case .uint16: return .uint16(try pack(numbers, scale, offset))
    case .int32: return .int32(try pack(numbers, scale, offset))
    case .uint32: return .uint32(try pack(numbers, scale, offset))
    case .int64: return .int64(try pack(numbers, scale, offset))
    case .uint64: return .uint64(try pack(numbers, scale, offset))
    case .float, .double, .char, .string, .userDefined:
      throw Refusal(message: "cannot take numbers as \(type.cdlName)")
    }
  }

  private func pack<T: FixedWidthInteger>(
    _ numbers: [Double], _ scale: Double, _ offset: Double
  ) throws(Refusal) -> [T] {
    let missing = fill?.integers?.first.flatMap { T(exactly: $0) }
    var result = [T](repeating: 0, count: numbers.count)
    for index in numbers.indices {
      let number = numbers[index]
      if number.isNaN {
        guard let missing else {
          throw Refusal(
            message: "has missing values, which type \(type.cdlName) cannot say without a "
              + "_FillValue; give one")
        }
        result[index] = missing
        continue
      }
      let stored = ((number - offset) / scale).rounded()
      guard let whole = T(exactly: stored), whole != missing else {
        throw Refusal(
          message: "\(number) does not fit into \(type.cdlName) with scale \(scale) and offset "
            + "\(offset); choose a wider range")
      }
      result[index] = whole
    }
    return result
  }

  /// `numbers` with `fill` for NaN; the same array where there is none.
  private static func filled<T: BinaryFloatingPoint>(_ numbers: [T], _ fill: T) -> [T] {
    var isClean = true
    numbers.withUnsafeBufferPointer { numbers in
      // Branch-free in blocks, so that it runs at the speed of memory.
      var index = 0
      while index < numbers.count, isClean {
        let end = min(index + 4096, numbers.count)
        var count = 0
        for place in index..<end { count &+= numbers[place] == numbers[place] ? 0 : 1 }
        isClean = count == 0
        index = end
      }
    }
    if isClean { return numbers }
    return numbers.map { $0 == $0 ? $0 : fill }
  }

  /// netCDF's own fill value: what numbers, and codes without one, need for "missing".
  static func defaultFill(_ type: NetCDFType) -> NetCDFValues? {
    switch type {
    case .float: .float([9.9692099683868690e+36])
    case .double: .double([9.9692099683868690e+36])
    case .int8: .int8([-127])
    case .uint8: .uint8([255])
    case .int16: .int16([-32767])
    case .uint16: .uint16([65535])
    case .int32: .int32([-2_147_483_647])
    case .uint32: .uint32([4_294_967_295])
    case .int64, .uint64, .char, .string, .userDefined: nil
    }
  }
}

extension Precision {
  /// Whether numbers of `type` can be rounded at all.
  func applies(to type: NetCDFType) -> Bool { type == .float || type == .double }
}

extension NetCDFValues {
  fileprivate var floatValue: Float? {
    if case .float(let values) = self { return values.first }
    return nil
  }
}
