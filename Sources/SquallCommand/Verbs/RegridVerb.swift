// Room: SquallCommand. `squall regrid`: parts of grids, on another grid, as one exemplary file.

internal import ArgumentParser
internal import Foundation
internal import Grids

struct RegridVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "regrid",
    abstract: "Take variables to another grid, or a part of them to a file of their own.",
    usage: "squall regrid INPUT... -o OUT.nc [--onto GRID] [options]",
    discussion: """
      Example: sea surface temperature of the North Sea on a grid of a tenth of a degree.

        squall regrid sst.nc -o north-sea.nc --onto=-4:9:0.1,51:61:0.1

      Inputs are NetCDF files or patterns of such, joined along whatever axis they differ in. Without \
      --onto, values stay on their grid. GRID is r360x180 or global_0.25, n80 (Gaussian), \
      LON:LON:STEP,LAT:LAT:STEP, or a NetCDF file whose grid is meant. The output is CF-1.11 and \
      appears whole or not at all.
      """)

  @Argument(help: "NetCDF files, joined into one dataset.")
  var inputs: [String]

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp("The NetCDF file to write.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("The grid to go to.", valueName: "grid"))
  var onto: String?

  @Option(
    help: ArgumentHelp(
      "How to get there: \(RegridMethod.allCases.map(\.rawValue).joined(separator: ", ")). (default: bilinear)",
      valueName: "method"), transform: Self.method)
  var method = RegridMethod.bilinear

  @Option(
    help: ArgumentHelp(
      "Interpolate to these levels, as in 0,10,50 m: linearly, for pressures in their logarithm.",
      valueName: "levels"))
  var levels: String?

  @Option(
    help: ArgumentHelp(
      "Fill what is missing on the output's grid: nearest or diffusion, with a reach as in "
        + "nearest=200 (km).", valueName: "method"))
  var fill: String?

  @OptionGroup var selection: SelectionOptions
  @OptionGroup var storage: StorageOptions

  @Option(
    help: ArgumentHelp(
      "Keep weights in this folder for the next time, which is then faster.", valueName: "dir"))
  var weights: String?

  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.apply()
    let paths = try PathPatterns.expand(inputs)
    try OutputPlace.check(output, against: paths)
    let start = ContinuousClock().now
    var conversion = GridConversion()
    try selection.apply(to: &conversion)
    conversion.target = try onto.map(Self.grid)
    conversion.method = method
    conversion.targetLevels = try levels.map { try SelectionOptions.parsed($0, TargetLevels.init) }
    if let fill { try Self.apply(fill, to: &conversion) }
    conversion.regridding.cacheFolder = weights
    conversion.regridding.threads = common.threads
    conversion.storage = try storage.storage()
    conversion.metadata = FileMetadata.fromEnvironment(ProcessInfo.processInfo.environment)
    conversion.metadata.action = CommandLine.arguments.dropFirst().joined(separator: " ")
    let report = try conversion.run(GridDataset(paths: paths), writingTo: output) { done, all in
      Progress.show("layer \(done) of \(all)")
    }
    Progress.clear()
    let summary = RegridSummary(report, seconds: (ContinuousClock().now - start).seconds)
    if common.json { JSONReport.print(summary) } else { Console.print(summary.text) }
  }

  private static func apply(_ fill: String, to conversion: inout GridConversion) throws(Failure) {
    let parts = fill.split(separator: "=", maxSplits: 1)
    let reach = parts.count == 2 ? Double(parts[1]) : nil
    switch parts.first {
    case "nearest": conversion.filling = .nearest
    case "diffusion": conversion.filling = .diffusion()
    default: conversion.filling = nil
    }
    guard conversion.filling != nil, parts.count == 1 || (reach ?? -1) > 0 else {
      throw Failure(
        .wrongUsage, "--fill is '\(fill)': give nearest or diffusion, or nearest=200 for 200 km")
    }
    conversion.fillingReach = reach
  }

  private static func method(_ text: String) throws -> RegridMethod {
    guard let method = RegridMethod(rawValue: text) else {
      throw ValidationError(
        "there is no method '\(text)': give "
          + RegridMethod.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return method
  }

  /// The grid that `text` names, or that of the first field in the file of that name.
  private static func grid(_ text: String) throws -> HorizontalGrid {
    guard FileManager.default.fileExists(atPath: text) else {
      return try SelectionOptions.parsed(text) { (text) throws(GridError) in
        try HorizontalGrid(spec: text)
      }
    }
    let dataset = try GridDataset(paths: [text])
    guard let variable = dataset.variables.first(where: \.isGridded) else {
      throw Failure(.badInput, "\(text): has no variable on a grid; give a file that has one")
    }
    return try dataset.grid(of: variable)
  }
}
