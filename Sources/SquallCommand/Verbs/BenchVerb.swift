// Room: SquallCommand. `squall bench`: load time, run time, memory, and a profile by operator.

internal import ArgumentParser
internal import Foundation
internal import Networks
internal import ONNXFormat
internal import Tensors

struct BenchVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Time a network: loading, running, memory, and each operator's share.",
    usage: "squall bench PATH [--input NAME=FILE...] [--dim NAME=N...] [options]",
    discussion: """
      Example: where the time of the bundled network goes.

        squall bench Models/convective-rain --threads 2

      Inputs that are not given are those of test_data_set_0 beside the network, where there are \
      any, else random numbers that are the same each time.
      """)

  @Argument(help: "An ONNX file, or a folder with a model.onnx or a model package.")
  var path: String

  @Option(
    name: .customLong("input"),
    help: ArgumentHelp(
      "The file of one input: .npy, .pb, or FILE.nc:variable. Once for each.",
      valueName: "name=file"))
  var inputs: [NamedFile] = []

  @Option(
    name: .customLong("dim"),
    help: ArgumentHelp(
      "A length that the network leaves open; given, the inputs are random. Once for each.",
      valueName: "name=n"))
  var lengths: [NamedLength] = []

  @Option(help: ArgumentHelp("Runs that count, after one that does not.", valueName: "n"))
  var runs = 5

  @Option(help: ArgumentHelp("What the random inputs begin with.", valueName: "n"))
  var seed: UInt64 = 0

  @OptionGroup var compilation: NetworkOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (1...100_000).contains(runs) else {
      throw ValidationError("--runs is \(runs): give a number from 1 to 100000")
    }
  }

  func run() throws {
    try common.apply()
    let place = try place()
    let clock = ContinuousClock()
    let start = clock.now
    let model = try ONNXModel(contentsOf: place.model)
    let network = try CompiledNetwork(model, options: compilation.options)
    let compiled = clock.now
    let values = try values(for: network, model, place)
    let shapes = values.compactMapValues { $0.tensor?.shape }
    let planning = clock.now
    let arenaBytes = shapes.count == values.count ? try network.prepare(for: shapes) : 0
    let planned = clock.now

    let firstRun = try clock.measure { _ = try network.run(values) }
    var times: [Double] = []
    for _ in 0..<runs {
      times.append(try clock.measure { _ = try network.run(values) }.seconds)
    }
    let peak = BenchReport.peakMemory
    network.remarkOnPackedWeights()
    // By itself, since looking at the clock for each node takes time too.
    let profile = ProfileRecorder()
    _ = try network.run(values, profile: profile)
    let report = BenchReport(
      path: path, threads: ThreadPool.shared.threadCount, runs: runs,
      loadSeconds: (compiled - start + (planned - planning)).seconds,
      firstRunSeconds: firstRun.seconds, runSeconds: .init(times), arenaBytes: arenaBytes,
      peakRssBytes: peak, peakMultiplyAdds: ArithmeticCeiling.multiplyAddsPerSecond(),
      operators: profile.entries.map {
        .init(opType: $0.opType, calls: $0.calls, seconds: $0.seconds)
      },
      nodes: profile.nodes.prefix(10).map {
        .init(name: $0.name, opType: $0.opType, seconds: $0.seconds)
      })
    if common.json { JSONReport.print(report) } else { Console.print(report.text) }
  }

  // MARK: Network and inputs

  private func place() throws -> ONNXTestCase {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw Failure(.inputMissing, "\(path): there is no such file or folder: check the path")
    }
    guard isDirectory.boolValue else {
      let model = URL(filePath: path)
      return ONNXTestCase(name: path, folder: model.deletingLastPathComponent(), model: model)
    }
    let found = try CaseDescription.find(in: path)
    guard let only = found.first, found.count == 1 else {
      throw Failure(.wrongUsage, "\(path): holds \(found.count) networks: name one of them")
    }
    return only.testCase
  }

  private func values(
    for network: CompiledNetwork, _ model: ONNXModel, _ place: ONNXTestCase
  ) throws -> [String: NetworkValue] {
    var values = try InputReader.read(inputs, as: network.inputs, of: model, at: place.name)
    let open = network.inputs.filter { values[$0.name] == nil && $0.kind != .optional }
    guard !open.isEmpty else { return values }
    if lengths.isEmpty, let set = try? place.dataSets().first {
      for (name, value) in try set.inputs(of: model.graph) where values[name] == nil {
        let type = network.inputs.first { $0.name == name }?.elementType
        values[name] = try NetworkValue(value, elementType: type)
      }
      return values
    }
    let shapes = try network.shapes(
      lengths: Dictionary(lengths.map { ($0.name, $0.length) }, uniquingKeysWith: { $1 }))
    var random = RandomInput(seed: seed)
    for input in open {
      guard input.kind == .tensor, let shape = shapes[input.name] else {
        throw Failure(
          .wrongUsage,
          "'\(input.name)' is a \(input.kind.rawValue), which cannot be made up: "
            + "give it with --input \(input.name)=FILE.pb")
      }
      values[input.name] = .tensor(random.tensor(input.elementType ?? .float32, shape))
    }
    return values
  }
}
