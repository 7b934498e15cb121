// Room: SquallCommand. `--memory-limit` and `--precision`, for the verbs that run or plan networks.

internal import ArgumentParser
internal import Foundation
internal import Networks

/// `--memory-limit` and `--precision`.
struct NetworkOptions: ParsableArguments {
  @OptionGroup var memory: MemoryOptions

  @Option(
    help: ArgumentHelp(
      "Compute products in full (float32), or, where the processor can, fast: rounded to bfloat16, "
        + "which is up to twice as fast and less exact.", valueName: "precision"))
  private var precision = PrecisionArgument.full

  /// How exactly products are computed.
  var productPrecision: CompiledNetwork.Precision { precision == .fast ? .fast : .full }

  /// How to compile a network.
  var options: CompiledNetwork.Options {
    var options = CompiledNetwork.Options(memoryLimit: memory.bytes)
    options.precision = productPrecision
    return options
  }

  /// The arguments that say the same.
  var arguments: [String] {
    ["--precision", precision.rawValue]
      + (memory.bytes.map { ["--memory-limit", String($0)] } ?? [])
  }
}

private enum PrecisionArgument: String, ExpressibleByArgument, CaseIterable {
  case full, fast
}

/// `--memory-limit` alone, where nothing is computed.
struct MemoryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Let a network take at most this much memory, as in 2GB, 512MiB or 1000000; else what the "
        + "machine has.", valueName: "size"))
  var memoryLimit: ByteCountArgument?

  /// The limit in bytes; nil where none is given.
  var bytes: Int? { memoryLimit?.bytes }
}

/// A number of bytes, with or without a unit.
struct ByteCountArgument: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let digits = argument.prefix { ("0"..."9").contains($0) }
    let unit = argument.dropFirst(digits.count).lowercased()
    guard let number = Int(digits), number > 0, let factor = Self.factors[unit] else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
    guard !overflow else { return nil }
    self.bytes = bytes
  }

  private static let factors: [String: Int] = [
    "": 1, "b": 1, "kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000, "tb": 1_000_000_000_000,
    "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
  ]
}
