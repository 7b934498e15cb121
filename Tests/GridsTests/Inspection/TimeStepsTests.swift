// Tests of Grids: the rhythm of times, in the words of people.

import GridFiles
import Grids
import Testing

struct TimeStepsTests {
  private func times(_ texts: [String], _ calendar: CFCalendar = .standard) throws -> [CFTime] {
    try texts.map { try CFTime(iso8601: $0 + "T00:00:00Z", calendar: calendar) }
  }

  @Test(arguments: [
    (["2015-01-16", "2015-02-15", "2015-03-16", "2015-04-16"], "every month"),
    (["2015-01-01", "2015-02-01", "2015-03-01"], "every month"),
    (["2015-01-01", "2015-02-01", "2015-05-01"], "every month, 2 missing: 2015-03, 2015-04"),
    (["2015-11-30", "2015-12-30", "2016-01-30"], "every month"),
    (["2015-01-15", "2015-04-15", "2015-07-15"], "every 3 months"),
    (["2015-07-01", "2016-07-01", "2017-07-01", "2019-07-01"], "every year, 1 missing: 2018-07"),
    (["1990-07-01", "2000-07-01", "2010-07-01"], "every 10 years"),
    (["2015-01-01", "2015-01-02", "2015-01-03"], "every P1D"),
    (["2015-01-01", "2015-01-08", "2015-01-15", "2015-01-22", "2015-01-29"], "every P7D"),
  ])
  func rhythm(dates: [String], summary: String) throws {
    #expect(TimeSteps(try times(dates)).summary == summary)
  }

  @Test func monthsOfThirtyDays() throws {
    let steps = TimeSteps(try times(["2015-01-16", "2015-02-16", "2015-03-16"], .day360))
    #expect(steps.months == 1 && steps.summary == "every month")
  }

  @Test func oneOrNone() throws {
    #expect(TimeSteps([]).summary == "one time")
    #expect(TimeSteps(try times(["2015-01-16"])).summary == "one time")
  }
}
