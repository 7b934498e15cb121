// Tests of Grids: calendars, time units, ISO 8601. Expected dates were computed with cftime 1.6.

import Foundation
import GridFiles
import Grids
import Testing

struct TimeTests {
  static let decoded: [(calendar: String, units: String, count: Double, expected: String)] = [
    ("standard", "days since 1800-01-01", 80566, "2020-08-01T00:00:00Z"),
    ("standard", "days since 0001-01-01", 577_736, "1582-10-04T00:00:00Z"),
    ("standard", "days since 0001-01-01", 577_737, "1582-10-15T00:00:00Z"),
    ("gregorian", "hours since 1900-03-01 06:30:00", -7, "1900-02-28T23:30:00Z"),
    ("", "seconds since 1970-01-01 00:00:00", 1_604_117_400, "2020-10-31T04:10:00Z"),
    ("proleptic_gregorian", "days since 0001-01-01", 577_736, "1582-10-16T00:00:00Z"),
    ("proleptic_gregorian", "days since 1970-01-01", -800_000, "-0221-09-04T00:00:00Z"),
    ("julian", "days since 1800-01-01", 80566, "2020-07-30T00:00:00Z"),
    ("julian", "hours since 1900-03-01 06:30:00", -7, "1900-02-29T23:30:00Z"),
    ("noleap", "days since 1800-01-01", 80566, "2020-09-24T00:00:00Z"),
    ("365_day", "days since 2000-02-28", 1, "2000-03-01T00:00:00Z"),
    ("365_day", "days since 1970-01-01", -800_000, "-0222-03-22T00:00:00Z"),
    ("all_leap", "days since 1800-01-01", 80566, "2020-02-16T00:00:00Z"),
    ("366_day", "hours since 1900-03-01 06:30:00", -7, "1900-02-29T23:30:00Z"),
    ("360_day", "days since 1800-01-01", 80566, "2023-10-17T00:00:00Z"),
    ("360_day", "days since 2000-02-28", 2, "2000-02-30T00:00:00Z"),
    ("360_day", "months since 2000-01-01", 14, "2001-03-01T00:00:00Z"),
    ("standard", "milliseconds since 2000-1-1 0:0", 1500, "2000-01-01T00:00:01.5Z"),
    ("standard", "minutes since 2020-10-31T00:00:00Z", 90, "2020-10-31T01:30:00Z"),
    ("standard", "Hours since 2000-01-01 00:00:00.0 +01:00", 1, "2000-01-01T00:00:00Z"),
    ("standard", "hours since 2000-01-01 00:00 -0330", 0, "2000-01-01T03:30:00Z"),
    ("standard", "hours since 2000-01-01 12 UTC", 0.1, "2000-01-01T12:06:00Z"),
    ("standard", "days since 19000101", 43000.006944444445, "2017-09-24T00:10:00Z"),
    ("standard", "secs since 20000101T060000Z", 0.25, "2000-01-01T06:00:00.25Z"),
    ("standard", "days since 0001-01-01", -1, "-0001-12-31T00:00:00Z"),
    ("julian", "days since -0001-01-01", 366, "0001-01-01T00:00:00Z"),
    ("standard", "days since 0000-01-01", 366, "0001-01-01T00:00:00Z"),
    ("standard", "days since 0000-01-01", 15, "0000-01-16T00:00:00Z"),
    ("proleptic_gregorian", "days since 0000-01-01", 400, "0001-02-04T00:00:00Z"),
    ("noleap", "common_years since 2000-01-01", 1, "2001-01-01T00:00:00Z"),
    ("standard", "days since 2000-03", 1, "2000-03-02T00:00:00Z"),
    ("standard", "hours since 2000-01-01 00:00 -3", 0, "2000-01-01T03:00:00Z"),
    ("standard", "days since 1-1-1", 1, "0001-01-02T00:00:00Z"),
  ]

  @Test(arguments: decoded)
  func decodes(calendar: String, units: String, count: Double, expected: String) throws {
    let known = try #require(CFCalendar(cfName: calendar))
    let units = try CFTimeUnits(units, calendar: known)
    let time = try #require(units.time(count))
    #expect(time.iso8601 == expected)
    #expect(abs(units.count(time) - count) < 1e-6)
    if let whole = Int64(exactly: count) {
      #expect(units.time(whole) == time)
      #expect(units.wholeCount(time) == whole)
    }
  }

  @Test(arguments: [
    "seconds", "since 1970-01-01", "fortnights since 1970-01-01", "months since 1960-01-01",
    "days since yesterday", "days since 2001-02-29", "days since 1582-10-10",
    "days since 2000-13-01", "hours since 2000-01-01 25:00", "hours since 2000-01-01 00:00 PST",
    "days since 99999999-01-01", "seconds since ٢٠٠٠-01-01", "m s-1", "",
  ])
  func refuses(units: String) {
    let error = #expect(throws: GridError.self) { try CFTimeUnits(units) }
    #expect(error?.code == .time && error?.exitStatus == 65)
  }

  @Test func impossibleCounts() throws {
    let units = try CFTimeUnits("days since 1970-01-01")
    for count in [Double.nan, .infinity, -.infinity, 1e300, 1e17] {
      #expect(units.time(count) == nil)
    }
    #expect(units.time(Int64.max) == nil && units.time(Int64.min) == nil)
    #expect(units.times(.double([1, .nan])) == nil)
    #expect(units.times(.text("1")) == nil)
  }

  @Test(arguments: CFCalendar.allCases)
  func dayNumbersGoForthAndBack(calendar: CFCalendar) throws {
    var previous: (Int, Int, Int) = (-100_000, 0, 0)
    for number in stride(from: -1_000_000, to: 1_000_000, by: 997) {
      let date = calendar.date(ofDay: number)
      #expect(calendar.dayNumber(year: date.year, month: date.month, day: date.day) == number)
      #expect(previous < (date.year, date.month, date.day))
      previous = (date.year, date.month, date.day)
    }
  }

  @Test(arguments: [
    ("2016-07-11T20:30Z", "2016-07-11T20:30:00Z"), ("2016-07-11 20:30", "2016-07-11T20:30:00Z"),
    ("20160711T2030Z", "2016-07-11T20:30:00Z"), ("2016-07-11", "2016-07-11T00:00:00Z"),
    ("2016-07-11T20:30:15.250+02:00", "2016-07-11T18:30:15.25Z"),
    ("2016-07-11T24:00Z", "2016-07-12T00:00:00Z"), (" 2016-07-11T20Z ", "2016-07-11T20:00:00Z"),
    ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"), ("20160711T203015Z", "2016-07-11T20:30:15Z"),
  ])
  func readsISO8601(text: String, expected: String) throws {
    let time = try CFTime(iso8601: text)
    #expect(time.iso8601 == expected)
    #expect(try CFTime(iso8601: time.iso8601) == time)
  }

  @Test(arguments: ["", "now", "2016", "2016-07-11T20:30X", "2016-02-30", "11.07.2016", "2016-7"])
  func refusesTimes(text: String) {
    let error = #expect(throws: GridError.self) { try CFTime(iso8601: text) }
    #expect(error?.description.contains("2016-07-11T20:30Z") == true)
  }

  @Test(arguments: [
    ("PT90M", 5400.0, "PT1H30M"), ("PT3H", 10800, "PT3H"), ("P1D", 86400, "P1D"),
    ("P1DT6H", 108_000, "P1DT6H"), ("PT10M30S", 630, "PT10M30S"), ("P2W", 1_209_600, "P14D"),
    ("PT0.5H", 1800, "PT30M"), ("-PT5M", -300, "-PT5M"), ("PT0S", 0, "PT0S"),
    ("PT1.25S", 1.25, "PT1.25S"),
  ])
  func readsDurations(text: String, seconds: Double, printed: String) throws {
    let duration = try Duration(iso8601: text)
    #expect(duration.inSeconds == seconds)
    #expect(duration.iso8601 == printed)
  }

  @Test(arguments: [
    "", "P", "PT", "90", "P1M", "P1Y", "PTM", "PT1M1H", "PT1.5H3M", "PT1e5S", "T1H",
  ])
  func refusesDurations(text: String) {
    #expect(throws: GridError.self) { try Duration(iso8601: text) }
  }

  @Test func calendarsCompareOnlyWithTheirKind() throws {
    let standard = try CFTime(iso8601: "2020-10-31T04:10Z")
    let proleptic = try CFTime(iso8601: "2020-10-31T04:10Z", calendar: .prolepticGregorian)
    let model = try CFTime(iso8601: "2020-10-30T04:10Z", calendar: .day360)
    #expect(standard == proleptic && standard.hashValue == proleptic.hashValue)
    #expect(model.date == nil && standard.date?.timeIntervalSince1970 == 1_604_117_400)
    let sameCount = try #require(CFTimeUnits.secondsSince1970(.day360).time(standard.seconds))
    #expect(sameCount != standard)
    #expect(standard.advanced(by: .seconds(600)).since(standard) == .seconds(600))
    #expect(standard.compact == "20201031T041000Z")
  }

  @Test func spacing() throws {
    let start = try CFTime(iso8601: "2020-10-31T04:00Z")
    let times = { (minutes: [Int]) in minutes.map { start.advanced(by: .seconds(60 * $0)) } }
    #expect(FrameSpacing(times([0, 10, 20])).isEven)
    #expect(FrameSpacing(times([0])).step == nil)
    let gap = FrameSpacing(times([0, 10, 30, 40, 70]))
    #expect(gap.step == .seconds(600) && gap.irregular.isEmpty)
    #expect(gap.missing == times([20, 50, 60]))
    #expect(gap.summary.hasPrefix("every PT10M, 3 missing: 2020-10-31T04:20:00Z"))
    let uneven = FrameSpacing(times([0, 10, 20, 27, 37]))
    #expect(uneven.irregular.count == 1 && !uneven.isEven)
    #expect(uneven.summary.contains("uneven: PT7M after 2020-10-31T04:20:00Z"))
    // A gap of centuries is not a list of missing frames.
    let far = FrameSpacing(times([0, 10, 20, 600_000_000]))
    #expect(far.missing.isEmpty && far.irregular.count == 1)
  }
}
