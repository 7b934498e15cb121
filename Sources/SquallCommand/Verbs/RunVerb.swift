// Room: SquallCommand. `squall run`: the bare network on tensors from files.

internal import ArgumentParser
internal import Foundation
internal import Networks
internal import ONNXFormat
internal import Tensors

struct RunVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run the bare network on .npy, .pb or NetCDF tensors.",
    usage: "squall run NETWORK.onnx --input NAME=FILE... [--output NAME=FILE...] [options]",
    discussion: """
      Example: one array in, one array out.

        squall run model.onnx --input x=x.npy --output y=y.npy

      Lengths that the network leaves open are those of the inputs. A NetCDF variable is unpacked, \
      missing values become NaN, and dimensions of length 1 are put in front where the network has \
      more of them. Without --output the results are only described.
      """)

  @Argument(help: "The ONNX file.")
  var network: String

  @Option(
    name: .customLong("input"),
    help: ArgumentHelp(
      "The file of one input: .npy, .pb, or FILE.nc:variable. Once for each input.",
      valueName: "name=file"))
  var inputs: [NamedFile] = []

  @Option(
    name: .customLong("output"),
    help: ArgumentHelp("Where one output goes: .npy or .pb.", valueName: "name=file"))
  var outputs: [NamedFile] = []

  @OptionGroup var compilation: NetworkOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    for output in outputs {
      switch output.format {
      case .numpy, .protobuf: break
      default:
        throw ValidationError("--output \(output.name)=\(output.path): end it in .npy or .pb")
      }
    }
    for (option, files) in [("--input", inputs), ("--output", outputs)] {
      let names = files.map(\.name)
      if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
        throw ValidationError("\(option) '\(twice)' is given twice: give it once")
      }
    }
  }

  func run() throws {
    try common.apply()
    let clock = ContinuousClock()
    let start = clock.now
    let model = try ONNXModel(contentsOf: URL(filePath: network))
    let network = try CompiledNetwork(model, options: compilation.options)
    try checkOutputs(of: network)
    let loaded = clock.now
    let values = try readInputs(of: network, model)
    let read = clock.now
    let results = try network.run(values)
    let ran = clock.now
    network.remarkOnPackedWeights()
    try write(results)
    let report = RunReport(
      outputs: network.outputs.compactMap { output in
        results[output.name].map { value in
          RunReport.Output(
            name: output.name, value: value,
            file: outputs.first { $0.name == output.name }?.path)
        }
      },
      loadSeconds: (loaded - start).seconds, readSeconds: (read - loaded).seconds,
      runSeconds: (ran - read).seconds)
    if common.json { JSONReport.print(report) } else { Console.print(report.text) }
  }

  /// Fails before the work begins where its results could not be kept.
  private func checkOutputs(of network: CompiledNetwork) throws(Failure) {
    let names = network.outputs.map(\.name)
    for output in outputs {
      guard names.contains(output.name) else {
        throw Failure(
          .wrongUsage,
          "\(self.network) has no output '\(output.name)'; its outputs are "
            + names.map { "'\($0)'" }.joined(separator: ", "))
      }
      try OutputPlace.check(output.path)
    }
  }

  private func readInputs(
    of network: CompiledNetwork, _ model: ONNXModel
  ) throws -> [String: NetworkValue] {
    let declared = network.inputs + network.optionalInputs
    let values = try InputReader.read(inputs, as: declared, of: model, at: self.network)
    let missing = network.inputs.filter { values[$0.name] == nil && $0.kind != .optional }
    guard missing.isEmpty else {
      let options = missing.map { "--input \($0.name)=FILE" }.joined(separator: " ")
      throw Failure(
        .wrongUsage,
        "\(self.network) also needs \(missing.map(\.description).joined(separator: "; ")): "
          + "add \(options)")
    }
    return values
  }

  private func write(_ results: [String: NetworkValue]) throws {
    try Interruption.cleaningUp({ [outputs] in
      for output in outputs { OutputPlace.removeUnfinished(output.path) }
    }) {
      for output in outputs {
        guard let value = results[output.name] else { continue }
        let url = URL(filePath: output.path)
        let stored = try ONNXTestValue(value, named: output.name)
        if case .numpy = output.format {
          guard case .tensor(let tensor) = stored else {
            throw Failure(
              .badInput,
              "output '\(output.name)' is \(value.kindDescription), which .npy cannot hold: "
                + "write it to a .pb file")
          }
          try NPYArray(tensor).write(to: url)
        } else {
          try stored.write(to: url)
        }
      }
    }
  }
}
