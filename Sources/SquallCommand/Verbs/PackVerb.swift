// Room: SquallCommand. `squall pack`: weights laid out for this processor, in a file beside a network.

internal import ArgumentParser
internal import Foundation
internal import Networks
internal import ONNXFormat

struct PackVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Lay a network's weights out for this processor, for faster starts.",
    usage: "squall pack MODEL [--dim NAME=N...] [--verify] [options]",
    discussion: """
      Example: a network that a script starts every ten minutes.

        squall pack Models/convective-rain/network.onnx

      Writes NAME.squall beside NAME.onnx, as large as the weights. Later starts map it and are \
      ready in milliseconds, and processes share its pages. It is ignored, with a remark, once the \
      network, the processor's kernels or Squall are others; pack again then.
      """)

  @Argument(help: "An ONNX file.")
  var path: String

  @Option(
    name: .customLong("dim"),
    help: ArgumentHelp(
      "A length that the network leaves open. Once for each.", valueName: "name=n"))
  var lengths: [NamedLength] = []

  @Flag(help: "Write nothing: compare the checksums of the file that is there.")
  var verify = false

  @OptionGroup var compilation: NetworkOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.apply()
    let url = URL(filePath: path)
    // Says best what is wrong with the file.
    _ = try ONNXModel(contentsOf: url)
    if verify {
      guard try CompiledNetwork.packIsIntact(ofNetworkAt: url) else {
        throw Failure(.badInput, "\(path): its pack file is damaged: pack the network again")
      }
      if common.json {
        JSONReport.print(Verification(path: path, intact: true))
      } else {
        Console.print("the pack file of \(path) is intact")
      }
      return
    }
    let summary = try CompiledNetwork.packWeights(
      ofNetworkAt: url,
      lengths: Dictionary(lengths.map { ($0.name, $0.length) }, uniquingKeysWith: { $1 }),
      options: compilation.options)
    let report = PackReport(
      path: summary.path, arrays: summary.arrays, byteCount: summary.byteCount,
      kernels: summary.kernels)
    if common.json { JSONReport.print(report) } else { Console.print(report.text) }
  }

  private struct Verification: Encodable {
    let path: String
    let intact: Bool
  }
}

/// What `squall pack` wrote.
private struct PackReport: Encodable {
  let path: String
  let arrays: Int
  let byteCount: Int
  let kernels: String

  var text: String {
    "\(path): \(Page.count(arrays)) arrays, \(Page.bytes(byteCount)), for \(kernels) kernels"
  }
}

extension CompiledNetwork {
  /// Remarks on standard error that a pack file is not used, and why.
  func remarkOnPackedWeights() {
    if case .ignored(let path, let reason) = packedWeights {
      Console.note("squall: \(path): not used, because \(reason); run squall pack again")
    }
  }
}
