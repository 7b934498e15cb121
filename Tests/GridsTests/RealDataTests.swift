// Tests of Grids against real archives, where they lie beside the checkout. The expected numbers were
// read from the same files with netCDF4-python.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

struct Fact: Sendable, CustomStringConvertible {
  var file: String
  var count: Int
  var firstTime: String
  var stepSeconds: Int
  var height: Int
  var width: Int
  var kilometres: (x: Double, y: Double)
  /// Of frame 10: missing cells, sum, cells of at least 1 mm/h.
  var missing: Int
  var sum: Double
  var wet: Int
  /// Row and column of frame 10's largest value.
  var peak: (row: Int, column: Int, value: Float)

  var description: String { file }
}

private let radarFacts: [Fact] = [
  Fact(
    file: "radar/fmi-2016-09-28.nc", count: 40, firstTime: "2016-09-28T14:45:00Z",
    stepSeconds: 300, height: 1226, width: 760, kilometres: (0.9997, 0.9994), missing: 226_844,
    sum: 179689.99540604278, wet: 55874, peak: (678, 326, 62.88)),
  Fact(
    file: "radar/knmi-2010-08-26.nc", count: 92, firstTime: "2010-08-26T00:00:00Z",
    stepSeconds: 300, height: 765, width: 700, kilometres: (1, 1), missing: 398_271,
    sum: 46444.19838450104, wet: 11361, peak: (476, 418, 8.04)),
  Fact(
    file: "radar/mch-2015-05-15.nc", count: 40, firstTime: "2015-05-15T15:45:00Z",
    stepSeconds: 300, height: 640, width: 710, kilometres: (1, 1), missing: 140_000,
    sum: 120580.89662955515, wet: 30395, peak: (461, 446, 107)),
  Fact(
    file: "radar/mch-2017-01-31.nc", count: 40, firstTime: "2017-01-31T09:45:00Z",
    stepSeconds: 300, height: 640, width: 710, kilometres: (1, 1), missing: 128_781,
    sum: 79894.32758054323, wet: 23776, peak: (242, 346, 21.35)),
  Fact(
    file: "radar/mrms-2019-06-10.nc", count: 36, firstTime: "2019-06-10T00:00:00Z",
    stepSeconds: 120, height: 1250, width: 1500, kilometres: (1.834, 2.2239), missing: 148_849,
    sum: 431966.76980865374, wet: 93899, peak: (693, 939, 139.9)),
  Fact(
    file: "radar/opera-2018-08-24.nc", count: 24, firstTime: "2018-08-24T18:00:00Z",
    stepSeconds: 900, height: 2200, width: 1900, kilometres: (2, 2), missing: 2_085_758,
    sum: 267311.5537471771, wet: 62285, peak: (469, 369, 174.67)),
]

@Suite(.enabled(if: SharedFolder.exists("data")))
struct RealDataTests {
  static let data = SharedFolder.url.appending(path: "data")

  @Test(arguments: radarFacts)
  func radarSequence(_ fact: Fact) throws {
    let dataset = try GridDataset(contentsOf: [Self.data.appending(path: fact.file)])
    let rain = try dataset.precipitationVariable()
    #expect(rain.variable.name == "rainfall_rate")
    #expect(rain.quantity == .rate(toMillimetresPerHour: 1))
    let times = try dataset.times(of: rain.variable)
    #expect(times.count == fact.count)
    #expect(times[0].iso8601 == fact.firstTime)
    #expect(zip(times, times.dropFirst()).allSatisfy { $1.since($0) == .seconds(fact.stepSeconds) })

    let grid = try dataset.grid(of: rain.variable)
    #expect(grid.height == fact.height && grid.width == fact.width)
    let spacing = try #require(grid.spacingKilometres)
    #expect(abs(spacing.x - fact.kilometres.x) < 0.002)
    #expect(abs(spacing.y - fact.kilometres.y) < 0.002)
    #expect(grid.mapping?.name == "crs")

    let field = try dataset.rainRate(rain, at: 10)
    #expect(field.missingCount == fact.missing)
    let known = field.values.filter { !$0.isNaN }
    let sum = known.reduce(0.0) { $0 + Double($1) }
    #expect(abs(sum - fact.sum) < 1e-6 * fact.sum)
    #expect(known.count { $0 >= 1 } == fact.wet)
    #expect(known.max() == field.values[fact.peak.row * fact.width + fact.peak.column])
    #expect(abs((known.max() ?? 0) - fact.peak.value) < 1e-4)
  }

  @Test func oneFileATimeWithAccumulations() throws {
    let folder = Self.data.appending(path: "radar/raw/brisbane-2020-10-31")
    let names = ["042000", "040000", "041000"]
    let urls = names.map { folder.appending(path: "66_20201031_\($0).prcp-c10.nc") }
    let dataset = try GridDataset(contentsOf: urls)
    let rain = try dataset.precipitationVariable()
    #expect(rain.variable.name == "precipitation")
    #expect(rain.isAccumulated)
    #expect(rain.periods == [.seconds(600), .seconds(600), .seconds(600)])
    #expect(rain.notes.contains { $0.contains("sorted") })
    let times = try dataset.times(of: rain.variable)
    #expect(
      times.map(\.iso8601) == [
        "2020-10-31T04:00:00Z", "2020-10-31T04:10:00Z", "2020-10-31T04:20:00Z",
      ])

    let amount = try dataset.frame(rain.variable, at: 1)
    let sum = amount.values.reduce(0.0) { $0 + Double($1) }
    #expect(abs(sum - 115612.95) < 1e-3)
    #expect(amount.missingCount == 0)
    #expect(amount.values.count { $0 >= 1 } == 22800)
    #expect(amount.values[283 * 512 + 213] == 15.25)
    let rate = try dataset.rainRate(rain, at: 1)
    #expect(rate.units == "mm h-1")
    #expect(abs(rate.values[283 * 512 + 213] - 15.25 * 6) < 1e-4)

    let grid = try dataset.grid(of: rain.variable)
    #expect(grid.kind == .projected)
    #expect(grid.x.units == "km" && grid.x.values[0] == -127.75)
    #expect(!grid.y.isAscending && grid.y.values[0] == 127.75)
    #expect(grid.x.bounds?.prefix(2) == [-128, -127.5])
    #expect(grid.spacingKilometres.map { $0 == (0.5, 0.5) } == true)
    #expect(grid.mapping?.projection == "albers_conical_equal_area")
    #expect(grid.mapping?.attributes.numbers("standard_parallel") == [-26.2, -29.3])
  }

  @Test func satelliteProduct() throws {
    let folder = Self.data.appending(path: "satellite/saf-crr-2018-06-01")
    let urls = ["140000", "141500"].map {
      folder.appending(path: "S_NWC_CRR_MSG4_Europe-VISIR_20180601T\($0)Z.nc")
    }
    let dataset = try GridDataset(contentsOf: urls)
    let rain = try dataset.precipitationVariable()
    #expect(rain.variable.name == "crr_intensity")
    #expect(
      try dataset.times(of: rain.variable).map(\.iso8601) == [
        "2018-06-01T14:00:00Z", "2018-06-01T14:15:00Z",
      ])
    let field = try dataset.rainRate(rain, at: 0)
    #expect(field.height == 1019 && field.width == 2200)
    #expect(field.missingCount == 378_486)
    let known = field.values.filter { !$0.isNaN }
    #expect(abs(known.reduce(0.0) { $0 + Double($1) } - 144254.30250826478) < 0.1)
    #expect(known.count { $0 >= 1 } == 28403)
    #expect(abs(field.values[497 * 2200 + 1039] - 33.3) < 1e-4)

    let grid = try dataset.grid(of: rain.variable)
    #expect(grid.mapping?.projection == "geostationary")
    #expect(grid.mapping?.attributes.number("perspective_point_height") == 35_785_863)
    let spacing = try #require(grid.spacingKilometres)
    #expect(abs(spacing.x - 3) < 0.01 && abs(spacing.y - 3) < 0.01)
    #expect(rain.notes.contains { $0.contains("nominal_product_time") })
    #expect(rain.notes.contains { $0.contains("'lon lat' are named but not in the file") })

    let accumulation = try dataset.precipitationVariable(named: "crr_accum")
    #expect(accumulation.periods == [.seconds(3600), .seconds(3600)])
    #expect(throws: GridError.self) { try dataset.precipitationVariable(named: "crr") }
  }
}
