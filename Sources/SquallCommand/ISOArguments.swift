// Room: SquallCommand. Times and durations on the command line, in ISO 8601.

internal import ArgumentParser
internal import Grids

/// A time such as `2016-07-11T20:30Z`.
struct TimeArgument: ExpressibleByArgument {
  let time: CFTime

  init?(argument: String) {
    guard let time = try? CFTime(iso8601: argument) else { return nil }
    self.time = time
  }
}

/// A duration above zero such as `PT90M`.
struct DurationArgument: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    guard let duration = try? Duration(iso8601: argument), duration > .zero else { return nil }
    self.duration = duration
  }
}
