// Tests of Grids: units, and what they say about rain.

import Foundation
import Grids
import Testing

struct UnitTests {
  @Test(arguments: [
    ("degC", "K", 20.0, 293.15), ("km", "m", 0.5, 500), ("mm/h", "m s-1", 3.6, 1e-6),
    ("1", "percent", 0.25, 25), ("unitless", "1", 3, 3), ("kg m-2 s-1", "kg m-2 h-1", 1, 3600),
    ("hPa", "Pa", 1013.25, 101325), ("mb", "Pa", 1, 100), ("PSU", "1", 35, 0.035),
    ("DEG C", "K", 1, 274.15), ("degrees Celsius", "degC", 3, 3), ("m s**-1", "km/h", 1, 3.6),
    ("METERS", "cm", 1, 100), ("[m s-1]", "m s-1", 2, 2), ("Degrees_Kelvin", "K", 2, 2),
    ("dbz", "dBZ", 7, 7), ("hPa", "millibars", 5, 5), ("s", "Hz", 4, 0.25),
    ("1e-3", "psu", 1, 1), ("degF", "degC", 212, 100), ("kg m^-2", "g cm-2", 1, 0.1),
  ])
  func converts(from: String, to: String, value: Double, expected: Double) throws {
    let conversion = try PhysicalUnit(from).conversion(to: try PhysicalUnit(to))
    #expect(abs(conversion(value) - expected) <= 1e-12 * abs(expected))
  }

  @Test func logarithms() throws {
    let linear = try PhysicalUnit("mm6 m-3")
    let logarithmic = try PhysicalUnit("dBZ")
    let up = try logarithmic.conversion(to: linear)
    let down = try linear.conversion(to: logarithmic)
    #expect(!up.isLinear && !down.isLinear && !up.isIdentity)
    for value in [-20.0, 0, 10, 23, 60] {
      #expect(abs(up(value) - pow(10, value / 10)) <= 1e-12 * up(value))
      #expect(abs(down(up(value)) - value) < 1e-10)
    }
    var values: [Float] = [10, .nan]
    up.apply(to: &values)
    #expect(values[0] == 10 && values[1].isNaN)
  }

  @Test func sayWhereTheDatabaseShouldBe() async throws {
    await #expect(processExitsWith: .exitCode(3)) {
      setenv("UDUNITS2_XML_PATH", "/nowhere/udunits2.xml", 1)
      do throws(GridError) {
        _ = try PhysicalUnit("m")
      } catch {
        exit(error.message.contains("UDUNITS2_XML_PATH") ? 3 : 4)
      }
      exit(5)
    }
  }

  @Test func refuses() throws {
    let error = #expect(throws: GridError.self) { try PhysicalUnit("furlongs per blink") }
    #expect(error?.code == .units && error?.message.contains("furlongs per blink") == true)
    #expect(throws: GridError.self) {
      try PhysicalUnit("mm").conversion(to: try PhysicalUnit("kg m-2"))
    }
    #expect(try !PhysicalUnit("mm").isConvertible(to: try PhysicalUnit("K")))
  }

  @Test(arguments: [
    ("mm h-1", RainRateQuantity.rate(toMillimetresPerHour: 1)),
    ("mm/h", .rate(toMillimetresPerHour: 1)), ("mm hr-1", .rate(toMillimetresPerHour: 1)),
    ("kg m-2 s-1", .rate(toMillimetresPerHour: 3600)),
    ("m s-1", .rate(toMillimetresPerHour: 3_600_000)),
    ("mm/day", .rate(toMillimetresPerHour: 1.0 / 24)), ("kg m-2", .amount(toMillimetres: 1)),
    ("mm", .amount(toMillimetres: 1)), ("m", .amount(toMillimetres: 1000)),
    ("cm", .amount(toMillimetres: 10)), ("dBZ", .reflectivity),
  ])
  func tellsRain(units: String, expected: RainRateQuantity) throws {
    let found = try #require(RainRateQuantity(units: units))
    switch (found, expected) {
    case (.rate(let a), .rate(let b)), (.amount(let a), .amount(let b)):
      #expect(abs(a - b) <= 1e-12 * b)
    default: #expect(found == expected)
    }
  }

  @Test(arguments: ["K", "", "1", "nonsense", "degrees_north", "W m-2", "kg m-3"])
  func tellsWhatIsNotRain(units: String) {
    #expect(RainRateQuantity(units: units) == nil)
  }

  @Test func reflectivity() {
    let relation = ReflectivityRelation.marshallPalmer
    #expect(abs(relation.rainRate(dBZ: 10 * 2.3010299956639813) - 1) < 1e-12)
    #expect(relation.rainRate(dBZ: .nan).isNaN)
  }
}
