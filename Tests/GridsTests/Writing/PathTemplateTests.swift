// Tests of Grids: names of output files.

import Grids
import Testing

struct PathTemplateTests {
  static func values() throws -> [String: PathTemplate.Value] {
    [
      "reference_time": .time(try CFTime(iso8601: "2024-02-03T06:05:09Z")),
      "lead_time": .duration(.seconds(3 * 3600)), "model": .text("lang ya/../v1"),
      "member": .number(7), "hidden": .text("..\u{0}secret"), "empty": .text(""),
    ]
  }

  @Test(arguments: [
    ("out.nc", "out.nc"), ("{model}.nc", "lang_ya_.._v1.nc"),
    ("o/{reference_time:%Y%m%dT%H%MZ}/f_{lead_time}.nc", "o/20240203T0605Z/f_PT3H.nc"),
    ("{reference_time}", "20240203T060509Z"), ("{reference_time:%j-%y%%}", "034-24_"),
    ("{lead_time:03h}_{lead_time:min}_{lead_time:s}", "003_180_10800"),
    ("{member:03}{{x}}", "007{x}"), ("a/{hidden}", "a/_._secret"),
  ])
  func expands(template: String, expected: String) throws {
    #expect(try PathTemplate(template).path(Self.values()) == expected)
  }

  @Test(arguments: [
    "{model", "model}", "{}", "{:x}", "{nobody}", "{lead_time:d}", "{lead_time:03x}", "{member:x}",
    "{reference_time:%Q}", "{model:3}", "{empty}",
  ])
  func refuses(template: String) {
    let error = #expect(throws: GridError.self) {
      try PathTemplate(template).path(Self.values())
    }
    #expect(error?.code == .misuse && error?.message.contains(template) == true)
  }
}
