// Room: SquallCommand. The `squall` executable: arguments, progress, exit codes.

import ArgumentParser

@main
struct SquallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "squall",
    abstract: "Run trained ocean and weather networks on NetCDF grids.")
}
