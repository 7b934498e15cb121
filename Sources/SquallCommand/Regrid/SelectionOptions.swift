// Room: SquallCommand. Which variables, times, levels and part of the Earth a verb takes.

internal import ArgumentParser
internal import Grids

/// `--variable`, `--time`, `--level`, `--entry`, `--box`, `--west`.
struct SelectionOptions: ParsableArguments {
  @Option(
    name: .customLong("variable"),
    help: ArgumentHelp(
      "A variable by its name, standard name or long name; else all on a grid. Once for each.",
      valueName: "name"))
  var variables: [String] = []

  @Option(
    help: ArgumentHelp(
      "Which times, as in 2016-07, 2016-07-11T12:00, 2016/2018-06, 2016/2018/P1M, first or last.",
      valueName: "times"))
  var time: String?

  @Option(
    help: ArgumentHelp(
      "Which levels, as in '500 hPa', '0/100 m' (from, to), '~510 hPa' (the nearest), first or #3.",
      valueName: "levels"))
  var level: String?

  @Option(
    name: .customLong("entry"),
    help: ArgumentHelp(
      "One entry of another axis, as in realization=3. Once for each.", valueName: "axis=entry"))
  var entries: [NamedEntry] = []

  @Option(
    help: ArgumentHelp(
      "Which part of the Earth, in degrees; may cross the date line.",
      valueName: "west,east,south,north"))
  var box: String?

  @Option(
    help: ArgumentHelp(
      "Begin columns at this longitude: -180 or 0 in most cases.", valueName: "degrees"))
  var west: Double?

  func apply(to conversion: inout GridConversion) throws {
    conversion.variables = variables
    conversion.times = try time.map { try Self.parsed($0, TimeSelection.init) }
    conversion.levels = try level.map { try Self.parsed($0, LevelSelection.init) }
    conversion.entries = entries.map { ($0.axis, $0.entry) }
    conversion.box = try box.map { try Self.parsed($0, GeographicBox.init) }
    conversion.firstLongitude = west
  }

  /// What `text` means; a text that means nothing is wrong usage rather than bad data.
  static func parsed<Value>(
    _ text: String, _ parse: (String) throws(GridError) -> Value
  ) throws(Failure) -> Value {
    do throws(GridError) {
      return try parse(text)
    } catch {
      throw Failure(.wrongUsage, error.message)
    }
  }
}

/// An argument of the form `axis=entry`.
struct NamedEntry: ExpressibleByArgument {
  let axis: String
  let entry: String

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    (axis, entry) = (parts[0], parts[1])
  }
}
