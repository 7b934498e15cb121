// Tests of Tensors: floats and integers of eight bits and fewer, against ml_dtypes' codes.

import Tensors
import Testing

/// What a format makes of `SmallFloatTests.numbers`, without saturation.
struct SmallFloatCase: CustomTestStringConvertible, Sendable {
  let name: String
  let codes: [UInt8]
  let encode: @Sendable (Float, SmallFloatRounding) -> UInt8
  let decode: @Sendable (UInt8) -> Float
  let largest: Float
  let overflow: UInt8

  init<Scalar: SmallFloat>(_: Scalar.Type, largest: Float, overflow: UInt8, _ codes: [UInt8]) {
    name = Scalar.elementType.rawValue
    self.codes = codes
    encode = { Scalar($0, rounding: $1).bitPattern }
    decode = { Float(Scalar(bitPattern: $0)) }
    self.largest = largest
    self.overflow = overflow
  }

  var testDescription: String { name }
}

@Suite struct SmallFloatTests {
  static let numbers: [Float] = [
    0, -0.0, 1, -1, 0.1, 0.3, 1.0625, 1.1875, 17, 19, 240, 247, 248, 250, 448, 464, 465, 57344,
    61439, 61440, 1e6, 0x1p-9, 0x1p-10, 0x1.8p-10, 0x1p-17, 0x1.8p-16, -2.6, 5, 5.01, 6.9, 100, 7.5,
    28, 29.9,
  ]

  static let cases: [SmallFloatCase] = [
    SmallFloatCase(
      Float8E4M3FN.self, largest: 448, overflow: 127,
      [
        0, 128, 56, 184, 29, 42, 56, 58, 88, 90, 119, 119, 120, 120, 126, 126, 127, 127, 127, 127,
        127, 1, 0, 1, 0, 0, 194, 74, 74, 78, 108, 79, 94, 95,
      ]),
    SmallFloatCase(
      Float8E4M3FNUZ.self, largest: 240, overflow: 128,
      [
        0, 0, 64, 192, 37, 50, 64, 66, 96, 98, 127, 127, 128, 128, 128, 128, 128, 128, 128, 128,
        128, 2, 1, 2, 0, 0, 202, 82, 82, 86, 116, 87, 102, 103,
      ]),
    SmallFloatCase(
      Float8E5M2.self, largest: 57344, overflow: 124,
      [
        0, 128, 60, 188, 46, 53, 60, 61, 76, 77, 92, 92, 92, 92, 95, 95, 95, 123, 123, 124, 124,
        24, 20, 22, 0, 2, 193, 69, 69, 71, 86, 72, 79, 79,
      ]),
    SmallFloatCase(
      Float8E5M2FNUZ.self, largest: 57344, overflow: 128,
      [
        0, 0, 64, 192, 50, 57, 64, 65, 80, 81, 96, 96, 96, 96, 99, 99, 99, 127, 127, 128, 128, 28,
        24, 26, 1, 3, 197, 73, 73, 75, 90, 76, 83, 83,
      ]),
    SmallFloatCase(
      Float6E2M3.self, largest: 7.5, overflow: 31,
      [
        0, 32, 8, 40, 1, 2, 8, 10, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 0, 0, 0, 0,
        0, 50, 26, 26, 30, 31, 31, 31, 31,
      ]),
    SmallFloatCase(
      Float6E3M2.self, largest: 28, overflow: 31,
      [
        0, 32, 12, 44, 2, 5, 12, 13, 28, 29, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 0, 0, 0,
        0, 0, 49, 21, 21, 23, 31, 24, 31, 31,
      ]),
    SmallFloatCase(
      Float4E2M1.self, largest: 6, overflow: 7,
      [
        0, 8, 2, 10, 0, 1, 2, 2, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 0, 0, 0, 13, 6, 7, 7,
        7, 7, 7, 7,
      ]),
  ]

  @Test(arguments: cases) func roundsToTheNearest(_ format: SmallFloatCase) {
    let plain = SmallFloatRounding(saturates: false)
    for (number, code) in zip(Self.numbers, format.codes) {
      #expect(format.encode(number, plain) == code, "\(number)")
    }
  }

  @Test(arguments: cases) func everyNumberKeepsItsCode(_ format: SmallFloatCase) {
    for code in UInt8.min...UInt8.max where format.decode(code).isFinite {
      let number = format.decode(code)
      #expect(format.encode(number, .init()) == code, "\(code): \(number)")
    }
  }

  @Test(arguments: cases) func whatIsTooLargeSaturatesOrOverflows(_ format: SmallFloatCase) {
    for number in [Float.infinity, 1e9, format.largest * 1.5] {
      #expect(format.decode(format.encode(number, .init())) == format.largest)
      #expect(format.decode(format.encode(-number, .init())) == -format.largest)
      #expect(format.encode(number, .init(saturates: false)) == format.overflow)
    }
    if format.name.hasPrefix("float8") {
      #expect(format.decode(format.encode(.nan, .init())).isNaN)
    }
  }

  @Test func infinityIsNaNWithoutNegativeZeroBeforeOpset24() {
    let old = SmallFloatRounding(saturatesInfinity: false)
    #expect(Float8E4M3FNUZ(.infinity, rounding: old).bitPattern == 0x80)
    #expect(Float8E5M2FNUZ(-.infinity, rounding: old).bitPattern == 0x80)
    #expect(Float8E4M3FN(.infinity, rounding: old).bitPattern == 0x7e)
  }

  @Test(arguments: [
    (Float(0), 0, 0, 0), (0.124, 124, 123, 124), (1, 127, 127, 127), (1.1, 128, 127, 127),
    (1.5, 128, 127, 128), (3, 129, 128, 129), (0x1p-127, 0, 0, 0), (0x1.fp127, 254, 254, 254),
    (.infinity, 254, 254, 254), (.nan, 255, 255, 255),
  ]) func powersOfTwo(number: Float, up: UInt8, down: UInt8, nearest: UInt8) {
    func code(_ mode: SmallFloatRounding.Mode) -> UInt8 {
      Float8E8M0(number, rounding: .init(mode: mode)).bitPattern
    }
    #expect(code(.up) == up)
    #expect(code(.down) == down)
    #expect(code(.nearest) == nearest)
    let unsaturated = SmallFloatRounding(saturates: false, mode: .up)
    if number > 0x1p127 { #expect(Float8E8M0(number, rounding: unsaturated).bitPattern == 255) }
  }

  @Test func powersOfTwoAreExact() {
    #expect(Float(Float8E8M0(bitPattern: 0)) == 0x1p-127)
    #expect(Float(Float8E8M0(bitPattern: 130)) == 8)
    #expect(Float(Float8E8M0(bitPattern: 255)).isNaN)
  }

  @Test func smallIntegersKeepTheirLowBits() {
    #expect((-9...8).map { Int4(truncatingIfNeeded: $0).value }.first == 7)
    #expect([-8, -1, 7, 8].map { Int4(truncatingIfNeeded: $0).value } == [-8, -1, 7, -8])
    #expect([0, 15, 16, -1].map { UInt4(truncatingIfNeeded: $0).value } == [0, 15, 0, 15])
    #expect([-2, 1, 2, 3].map { Int2(truncatingIfNeeded: $0).value } == [-2, 1, -2, -1])
    #expect([0, 3, 4, -1].map { UInt2(truncatingIfNeeded: $0).value } == [0, 3, 0, 3])
  }

  @Test(arguments: ElementType.allCases.filter { $0.bitWidth <= 8 && $0 != .bool })
  func conversionThereAndBack(_ type: ElementType) {
    let values: [Float] =
      type.isInteger
      ? [0, 1, 0, 1]
      : type == .float8e8m0
        ? [1, 2, 4, 0.5]
        : [0, 1, 2, -1.5]
    let tensor = Tensor(values, shape: [2, 2]).converted(to: type)
    #expect(tensor.elementType == type)
    #expect(tensor.converted(to: .float32).elements(as: Float.self) == values)
    #expect(
      tensor.converted(to: .int64).elements(as: Int64.self) == values.map { Int64($0) })
  }
}
