// Room: GridFiles. The loop that turns stored numbers into physical ones in one pass.

/// A number in which physical values are handed out.
protocol PhysicalNumber: NetCDFNumber, BinaryFloatingPoint {
  init(_ value: Double)
  /// Puts NaN where `values` are `fill`, and leaves memory untouched where, as mostly, none is.
  static func erase(_ fill: Self, in values: UnsafeMutablePointer<Self>, count: Int)
}

// Spelled out for both types: loops over numbers of any type are not turned into vector instructions.
extension Float: PhysicalNumber {
  static func erase(_ fill: Float, in values: UnsafeMutablePointer<Float>, count: Int) {
    let raw = UnsafeMutableRawPointer(values)
    var start = 0
    while start < count & ~63 {
      let end = min(start + 1024, count & ~63)
      var hits = SIMD16<Float>.zero .== .one
      for index in stride(from: start, to: end, by: 16) {
        hits .|= raw.loadUnaligned(fromByteOffset: index * 4, as: SIMD16<Float>.self) .== fill
      }
      if any(hits) {
        for index in stride(from: start, to: end, by: 16) {
          let lanes = raw.loadUnaligned(fromByteOffset: index * 4, as: SIMD16<Float>.self)
          let erased = lanes.replacing(with: .nan, where: lanes .== fill)
          raw.storeBytes(of: erased, toByteOffset: index * 4, as: SIMD16<Float>.self)
        }
      }
      start = end
    }
    for index in start..<count where values[index] == fill { values[index] = .nan }
  }
}

extension Double: PhysicalNumber {
  static func erase(_ fill: Double, in values: UnsafeMutablePointer<Double>, count: Int) {
    let raw = UnsafeMutableRawPointer(values)
    var start = 0
    while start < count & ~63 {
      let end = min(start + 1024, count & ~63)
      var hits = SIMD8<Double>.zero .== .one
      for index in stride(from: start, to: end, by: 8) {
        hits .|= raw.loadUnaligned(fromByteOffset: index * 8, as: SIMD8<Double>.self) .== fill
      }
      if any(hits) {
        for index in stride(from: start, to: end, by: 8) {
          let lanes = raw.loadUnaligned(fromByteOffset: index * 8, as: SIMD8<Double>.self)
          let erased = lanes.replacing(with: .nan, where: lanes .== fill)
          raw.storeBytes(of: erased, toByteOffset: index * 8, as: SIMD8<Double>.self)
        }
      }
      start = end
    }
    for index in start..<count where values[index] == fill { values[index] = .nan }
  }
}

/// A packing made ready for numbers stored as `Stored` and wanted as `Physical`.
struct Unpacker<Stored: NetCDFNumber, Physical: PhysicalNumber> {
  private let scale: Double
  private let offset: Double
  private let fills: [Stored]
  /// The valid range in stored numbers, where there is one.
  private let lower: Stored?
  private let upper: Stored?
  /// The valid range in physical numbers, where there is one.
  private let low: Double
  private let high: Double

  init(_ packing: Packing) {
    scale = packing.scale
    offset = packing.offset
    // NaN is missing already, and equal to nothing.
    fills = packing.missing.compactMap { $0.first(as: Stored.self) }.filter { $0 == $0 }
    lower = packing.rangeIsPhysical ? nil : packing.validLower?.first(as: Stored.self)
    upper = packing.rangeIsPhysical ? nil : packing.validUpper?.first(as: Stored.self)
    // What packs to the same number as a bound does is as valid as the bound.
    let step = Stored.netCDFType.isInteger ? abs(packing.scale) / 1024 : 0
    let bound = { (values: NetCDFValues?, sign: Double) -> Double in
      guard packing.rangeIsPhysical, let bound = values?.doubles?.first, !bound.isNaN else {
        return sign * .infinity
      }
      let ulp = values?.type == .float ? Double(Float(bound).ulp) : bound.ulp
      return packing.isPacked ? bound + sign * max(step, ulp) : bound
    }
    low = bound(packing.validLower, -1)
    high = bound(packing.validUpper, 1)
  }

  /// Whether numbers that are not missing change at all.
  var changesNumbers: Bool { scale != 1 || offset != 0 }

  /// Unpacks `count` numbers that lie `step` apart.
  ///
  /// Computed in double precision and rounded once.
  func unpack(
    _ input: UnsafePointer<Stored>, step: Int, count: Int,
    into output: UnsafeMutablePointer<Physical>
  ) {
    let plan = (fills.first, changesNumbers)
    switch (plan, step) {
    case ((nil, false), 1):
      for index in 0..<count { output[index] = convert(input[index]) }
    case ((nil, true), 1):
      let (scale, offset) = (scale, offset)
      for index in 0..<count {
        output[index] = Physical(input[index].asDouble * scale + offset)
      }
    case ((let fill?, false), 1):
      for index in 0..<count {
        let value = input[index]
        output[index] = value == fill ? .nan : convert(value)
      }
    case ((let fill?, true), 1):
      let (scale, offset) = (scale, offset)
      for index in 0..<count {
        let value = input[index]
        output[index] = value == fill ? .nan : Physical(value.asDouble * scale + offset)
      }
    default:
      let changes = changesNumbers
      for index in 0..<count {
        let value = input[index * step]
        let number = changes ? Physical(value.asDouble * scale + offset) : convert(value)
        output[index] = value == fills.first ? .nan : number
      }
    }
    for fill in fills.dropFirst() {
      for index in 0..<count where input[index * step] == fill { output[index] = .nan }
    }
    markRange(input, step, count, output)
  }

  /// Marks what is missing in numbers that are physical as they are stored.
  func mark(_ output: UnsafeMutableBufferPointer<Physical>) {
    guard let base = output.baseAddress else { return }
    let count = output.count
    for fill in fills {
      guard let fill = fill as? Physical else { return }
      Physical.erase(fill, in: base, count: count)
    }
    guard lower != nil || upper != nil else { return }
    base.withMemoryRebound(to: Stored.self, capacity: count) {
      markRange($0, 1, count, base)
    }
  }

  @inline(__always)
  private func convert(_ value: Stored) -> Physical { Physical(value.asDouble) }

  private func markRange(
    _ input: UnsafePointer<Stored>, _ step: Int, _ count: Int,
    _ output: UnsafeMutablePointer<Physical>
  ) {
    if let lower {
      for index in 0..<count where input[index * step] < lower { output[index] = .nan }
    }
    if let upper {
      for index in 0..<count where input[index * step] > upper { output[index] = .nan }
    }
    guard low > -.infinity || high < .infinity else { return }
    for index in 0..<count {
      let physical = input[index * step].asDouble * scale + offset
      if physical < low || physical > high { output[index] = .nan }
    }
  }
}
