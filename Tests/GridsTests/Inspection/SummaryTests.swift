// Tests of Grids: what a description of files says, and that oddities never keep it from being made.

import GridFiles
import Grids
import TestSupport
import Testing

struct SummaryTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func summary(_ bytes: [UInt8]) throws -> GridFileSummary {
    try GridFileSummary(paths: [try folder.write(bytes, "a.nc")])
  }

  @Test func everyKindOfAxis() throws {
    let text = try summary(OceanFile().bytes).description
    #expect(text.contains("4 rows × 5 columns, geographic"))
    #expect(text.contains("lon from 0 to 288 degrees_east, every 72"))
    #expect(text.contains("goes around the Earth"))
    #expect(text.contains("levels: 3 from 5 to 500 m, depth, positive down"))
    #expect(text.contains("axis: member: 2, members: 1, 2"))
    #expect(text.contains("3 from 2016-07-10T00:00:00Z to 2016-07-12T00:00:00Z, every P1D"))
    #expect(text.contains("not an input for squall nowcast"))
  }

  @Test func severalGrids() throws {
    let summary = try summary(RomsFile().bytes)
    let groups = summary.groups.filter { $0.example.horizontal != nil }
    #expect(groups.map(\.variables) == [["h", "mask_rho", "zeta", "temp"], ["u"]])
    #expect(groups[0].example.name == "temp")
    let text = summary.description
    #expect(text.contains("ocean_s_coordinate_g2, positive up (c: Cs_r, depth: h,"))
  }

  @Test func problemsDoNotEndIt() throws {
    var ocean = OceanFile()
    ocean.timeUnits = "fortnights since ever"
    let summary = try summary(ocean.bytes)
    #expect(summary.problems.contains { $0.contains("'fortnights'") })
    #expect(summary.groups.contains { $0.example.horizontal != nil })
    ocean.timeUnits = "days since 2000-01-01"
    ocean.longitudes = [0, 2, 1, 3, 4]
    ocean.units = "FRACTION OF SKY"
    let other = try self.summary(ocean.bytes)
    #expect(other.problems.contains { $0.contains("neither rise nor fall") })
  }

  @Test func unitsThatAreNone() throws {
    var ocean = OceanFile()
    ocean.units = "LOG10 #OBS"
    #expect(try summary(ocean.bytes).notes.contains { $0.contains("no units that UDUNITS knows") })
  }
}
