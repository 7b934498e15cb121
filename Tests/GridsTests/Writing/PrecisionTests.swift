// Tests of Grids: rounding and packing keep what they promise.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

struct PrecisionTests {
  static func description(_ precision: Precision, _ type: NetCDFType) -> FieldFileDescription {
    FieldFileDescription(
      grid: FieldWriterTests.grid, time: .none,
      variables: [
        FieldVariable(
          name: "v", type: type, isTimed: false, precision: precision, attributes: ["units": "K"])
      ])
  }

  private func roundTrip(
    _ values: NetCDFValues, _ precision: Precision
  ) throws -> (NetCDFFile, NetCDFVariable, [Double]) {
    let folder = try TemporaryFolder()
    let path = folder.path("v.nc")
    let type: NetCDFType = values.type
    let writer = try FieldWriter(path: path, description: Self.description(precision, type))
    try writer.write(values, to: "v")
    try writer.commit()
    let file = try NetCDFFile(path: path)
    let variable = try #require(file.variable("v"))
    let stored = try #require(Packing(variable).doubles(try file.values(of: variable)))
    return (file, variable, stored)
  }

  private static let cells = FieldWriterTests.grid.width * FieldWriterTests.grid.height

  /// Numbers of all magnitudes and both signs, with the ones that are special.
  private static func numbers() -> [Double] {
    var random = SeededGenerator(seed: 5)
    var numbers = (0..<cells).map { _ in
      Double.random(in: -10...10, using: &random)
        * pow(10, Double.random(in: -6...6, using: &random))
    }
    numbers.replaceSubrange(0..<6, with: [0, .nan, 1, -9.9999, 1e-5, 123456])
    return numbers
  }

  @Test(arguments: [2, 3, 5], [Precision.significantDigits(0), .bitGroom(digits: 0)])
  func significantDigits(digits: Int, kind: Precision) throws {
    let precision: Precision =
      kind == .significantDigits(0) ? .significantDigits(digits) : .bitGroom(digits: digits)
    let numbers = Self.numbers()
    for values in [NetCDFValues.float(numbers.map { Float($0) }), .double(numbers)] {
      let (file, variable, stored) = try roundTrip(values, precision)
      let given = try #require(values.doubles)
      for (a, b) in zip(given, stored) {
        guard a.isFinite else {
          #expect(b.isNaN)
          continue
        }
        let unit = a == 0 ? 0 : pow(10, floor(log10(abs(a))) + 1 - Double(digits))
        #expect(abs(a - b) <= unit / 2 * (1 + 1e-6), "\(a) became \(b)")
      }
      let container = try #require(variable.attributes.text("quantization"))
      let account = try #require(file.variable(container)).attributes
      #expect(
        account.text("algorithm")
          == (kind == .significantDigits(0) ? "granular_bitround" : "bitgroom"))
      #expect(account.text("implementation")?.hasPrefix("Squall") == true)
      #expect(variable.attributes["quantization_nsd"] == .int32([Int32(digits)]))
    }
  }

  @Test(arguments: [1, 7, 15, 23])
  func significantBits(bits: Int) throws {
    let numbers = Self.numbers().map { Float($0) }
    let (_, variable, stored) = try roundTrip(.float(numbers), .significantBits(bits))
    for (a, b) in zip(numbers, stored) where a.isFinite {
      #expect(abs(Double(a) - b) <= abs(Double(a)) * pow(2, -Double(bits) - 1))
      let dropped = Float(b).bitPattern & ((1 << UInt32(23 - bits)) - 1)
      #expect(dropped == 0)
    }
    #expect(variable.attributes["quantization_nsb"] == .int32([Int32(bits)]))
  }

  @Test func packing() throws {
    var numbers = (0..<Self.cells).map { Float($0) / Float(Self.cells - 1) * 40 - 2 }
    numbers[7] = .nan
    let (_, variable, stored) = try roundTrip(.float(numbers), .packed(-2...38))
    #expect(variable.type == .int16)
    for (a, b) in zip(numbers, stored) {
      #expect(a.isNaN ? b.isNaN : abs(Double(a) - b) <= 40.0 / 65532 / 2 * 1.001)
    }
    let outside = #expect(throws: GridError.self) {
      try roundTrip(.float(numbers), .packed(0...38))
    }
    #expect(outside?.code == .mismatch && outside?.message.contains("wider range") == true)
  }

  @Test func multiplesAndExactNumbers() throws {
    let numbers = Self.numbers().map { Float($0) }
    let (_, _, exact) = try roundTrip(.float(numbers), .exact)
    #expect(zip(numbers, exact).allSatisfy { Double($0) == $1 || ($0.isNaN && $1.isNaN) })
    let (_, _, tenths) = try roundTrip(.float(numbers), .multiples(of: 0.5))
    for (a, b) in zip(numbers, tenths) where abs(a) < 1000 { #expect(abs(Double(a) - b) <= 0.25) }
  }
}
