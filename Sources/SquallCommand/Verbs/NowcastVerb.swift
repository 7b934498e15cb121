// Room: SquallCommand. `squall nowcast`: the last frames of rain in, the next hours out.

internal import ArgumentParser
internal import Forecasting
internal import Foundation
internal import Grids
internal import Nowcasting

struct NowcastVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nowcast",
    abstract: "Make a convective nowcast from the last frames of rain.",
    usage: "squall nowcast FRAMES... -o OUT.nc [options]",
    discussion: """
      Example: 90 minutes from the simulated squall line that comes with Squall.

        squall nowcast SampleData/frames/*.nc -o nowcast.nc

      The frames are NetCDF files, one or many times in each, in any order: rain rates or amounts on \
      any CF grid, at least two in the last 40 minutes. The output is CF NetCDF on the same grid: \
      rainfall_rate (mm h-1) and quality_flag by lead time, and on request the probability of \
      reaching thresholds. It appears whole or not at all.
      """)

  @Argument(help: "NetCDF files with frames of rain.")
  var frames: [String]

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp("The NetCDF file to write.", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "The model package: a folder, or the name of a bundled one. (default: \(ModelLocator.defaultName))",
      valueName: "dir"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "The variable that is the rain; else the only one that can be it.", valueName: "name"))
  var variable: String?

  @Option(
    help: ArgumentHelp(
      "Forecast from the frame of this time, as in 2016-07-11T20:30Z; later ones are not read. "
        + "(default: the newest frame)", valueName: "time"))
  var referenceTime: TimeArgument?

  @Option(
    help: ArgumentHelp("How far to forecast. (default: PT90M)", valueName: "duration"))
  var leadTime: DurationArgument?

  @Option(
    help: ArgumentHelp("The time between forecast fields. (default: PT10M)", valueName: "duration"))
  var step: DurationArgument?

  @Flag(help: "Also write the probability of reaching each of the model's thresholds.")
  var probabilities = false

  @OptionGroup var compilation: NetworkOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.apply()
    let paths = try PathPatterns.expand(frames)
    try OutputPlace.check(output, against: paths)
    let clock = ContinuousClock()
    let start = clock.now
    let nowcaster = try Nowcaster(
      model: ModelPackage(contentsOf: ModelLocator.folder(for: model)),
      memoryLimit: compilation.memory.bytes, precision: compilation.productPrecision)
    let loaded = clock.now
    let dataset = try GridDataset(paths: paths)
    var options = NowcastOptions(variable: variable, probabilities: probabilities)
    options.referenceTime = referenceTime?.time
    if let leadTime { options.leadTime = leadTime.duration }
    if let step { options.step = step.duration }
    let opened = clock.now
    do {
      let report = try nowcaster.nowcast(
        dataset, options: options, writingTo: URL(filePath: output),
        metadata: .fromEnvironment(ProcessInfo.processInfo.environment)
      ) { done, all in
        Progress.show("lead time \(done) of \(all)")
      }
      let summary = NowcastSummary(
        report, output: output, model: nowcaster.model,
        before: [
          ("model", (loaded - start).seconds), ("open", (opened - loaded).seconds),
        ], total: (clock.now - start).seconds)
      Progress.clear()
      if common.json { JSONReport.print(summary) } else { Console.print(summary.text) }
    } catch let error as NowcastError where error.code != .option {
      throw Failure(explaining: error, about: subject(dataset))
    }
  }

  /// The files and the variable that an error is about.
  private func subject(_ dataset: GridDataset) -> String {
    let files = frames.count == 1 ? frames[0] : "\(frames[0]) and \(frames.count - 1) more"
    let name = variable ?? (try? dataset.precipitationVariable())?.variable.name
    return files + (name.map { ": variable '\($0)'" } ?? "")
  }
}
