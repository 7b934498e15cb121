// Room: ONNXFormat. Folders in the layout of ONNX's backend tests: a model, inputs, answers.

public import Foundation

/// A model with reference inputs and outputs in a folder.
///
/// `DIR/model.onnx`, `DIR/test_data_set_K/input_N.pb` and `output_N.pb`, and perhaps
/// `DIR/tolerance.json` with `rtol` and `atol`.
///
/// **Source.** ONNX, `onnx/backend/test`.
public struct ONNXTestCase: Sendable, Equatable {
  /// How far a result may be from its reference: `|a - b| <= absolute + relative * |b|`.
  public struct Tolerance: Sendable, Equatable {
    /// Relative to the reference's size.
    public var relative = 1e-3
    /// In the values' own units.
    public var absolute = 1e-7

    /// A tolerance; what is not given is what ONNX's own tests allow.
    public init(relative: Double = 1e-3, absolute: Double = 1e-7) {
      self.relative = relative
      self.absolute = absolute
    }
  }

  /// The folder's name.
  public let name: String
  /// The folder with the data sets.
  public let folder: URL
  /// The model file.
  public let model: URL

  /// The case of `model` whose data sets are in `folder`; nothing is read yet.
  public init(name: String, folder: URL, model: URL) {
    self.name = name
    self.folder = folder
    self.model = model
  }

  /// All the cases in `url`: that folder itself, or the folders in it, to three levels down.
  ///
  /// Sorted by name. What a case holds is read later, so that a damaged case hides no other.
  ///
  /// **Throws.** `ONNXError` when there is no such folder, or no case in it.
  public static func find(in url: URL) throws(ONNXError) -> [ONNXTestCase] {
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw ONNXError(.fileMissing, "there is no such folder; check the path", file: url.path)
    }
    let cases = find(in: url, levels: 3)
    guard !cases.isEmpty else {
      throw ONNXError(
        .testLayout, "holds no model.onnx, nor do the folders in it; give a folder that does",
        file: url.path)
    }
    return cases
  }

  private static func find(in url: URL, levels: Int) -> [ONNXTestCase] {
    let model = url.appending(path: "model.onnx")
    if FileManager.default.fileExists(atPath: model.path) {
      let name = url.standardizedFileURL.lastPathComponent
      return [ONNXTestCase(name: name, folder: url, model: model)]
    }
    guard levels > 0 else { return [] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return names.sorted().flatMap { find(in: url.appending(path: $0), levels: levels - 1) }
  }

  /// The data sets in the order of their numbers.
  ///
  /// **Throws.** `ONNXError` when there are none, or a file's number is missing.
  public func dataSets() throws(ONNXError) -> [ONNXTestDataSet] {
    let prefix = "test_data_set_"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let numbers = names.compactMap { fileNumber(in: $0, after: prefix, before: "") }
    guard !numbers.isEmpty else {
      throw ONNXError(
        .testLayout, "holds no test_data_set_0; put reference inputs and outputs there",
        file: folder.path)
    }
    var sets: [ONNXTestDataSet] = []
    for number in numbers.sorted() {
      let folder = folder.appending(path: prefix + String(number))
      sets.append(try ONNXTestDataSet(number: number, folder: folder))
    }
    return sets
  }

  /// The tolerance in `tolerance.json`, or 1e-3 relative and 1e-7 absolute.
  ///
  /// **Throws.** `ONNXError` when there is such a file but not with numbers of zero or more.
  public func tolerance() throws(ONNXError) -> Tolerance {
    struct File: Decodable {
      let rtol: Double?
      let atol: Double?
    }
    let url = folder.appending(path: "tolerance.json")
    guard FileManager.default.fileExists(atPath: url.path) else { return Tolerance() }
    let fallback = Tolerance()
    guard let data = try? Data(contentsOf: url),
      let file = try? JSONDecoder().decode(File.self, from: data)
    else {
      throw ONNXError(
        .testLayout, #"cannot be read; it should be like {"rtol": 1e-3, "atol": 1e-7}"#,
        file: url.path)
    }
    let tolerance = Tolerance(
      relative: file.rtol ?? fallback.relative, absolute: file.atol ?? fallback.absolute)
    guard tolerance.relative >= 0, tolerance.absolute >= 0 else {
      throw ONNXError(.testLayout, "has a tolerance below zero; make it positive", file: url.path)
    }
    return tolerance
  }
}

/// One set of reference inputs and the outputs that belong to them.
public struct ONNXTestDataSet: Sendable, Equatable {
  /// The K of `test_data_set_K`.
  public let number: Int
  /// `input_0.pb`, `input_1.pb`, and so on.
  public let inputFiles: [URL]
  /// `output_0.pb`, `output_1.pb`, and so on.
  public let outputFiles: [URL]

  init(number: Int, folder: URL) throws(ONNXError) {
    self.number = number
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    inputFiles = try Self.files("input_", names, folder)
    outputFiles = try Self.files("output_", names, folder)
  }

  private static func files(
    _ prefix: String, _ names: [String], _ folder: URL
  ) throws(ONNXError) -> [URL] {
    let numbers = names.compactMap { fileNumber(in: $0, after: prefix, before: ".pb") }
    for (index, number) in numbers.sorted().enumerated() where index != number {
      throw ONNXError(.testLayout, "\(prefix)\(index).pb is missing; add it", file: folder.path)
    }
    return numbers.indices.map { folder.appending(path: "\(prefix)\($0).pb") }
  }

  /// The inputs by name.
  ///
  /// **Edge cases.** Old files list their weights among the inputs: when there are as many files as
  /// inputs without a constant, they belong to those, else to the inputs in order.
  ///
  /// **Throws.** `ONNXError` when there are more files than inputs, or one cannot be read.
  public func inputs(of graph: ONNXGraph) throws(ONNXError) -> [String: ONNXTestValue] {
    let required = graph.requiredInputs
    let ports = inputFiles.count == required.count ? required : graph.inputs
    var values: [String: ONNXTestValue] = [:]
    for (file, port) in zip(inputFiles, try Self.matching(ports, inputFiles, "inputs")) {
      values[port.name] = try ONNXTestValue(contentsOf: file, as: port.type)
    }
    return values
  }

  /// The reference outputs in the graph's order.
  ///
  /// **Throws.** `ONNXError` when there are more files than outputs, or one cannot be read.
  public func outputs(
    of graph: ONNXGraph
  ) throws(ONNXError) -> [(name: String, value: ONNXTestValue)] {
    var values: [(name: String, value: ONNXTestValue)] = []
    let ports = try Self.matching(graph.outputs, outputFiles, "outputs")
    for (file, port) in zip(outputFiles, ports) {
      values.append((port.name, try ONNXTestValue(contentsOf: file, as: port.type)))
    }
    return values
  }

  private static func matching(
    _ ports: [ONNXValueInfo], _ files: [URL], _ what: String
  ) throws(ONNXError) -> [ONNXValueInfo] {
    guard files.count <= ports.count else {
      throw ONNXError(
        .testLayout, "there are \(files.count) files for \(ports.count) \(what); remove the rest",
        file: files.last?.path)
    }
    return ports
  }
}

/// The number that stands in `name` between `prefix` and `suffix`, written the usual way.
private func fileNumber(in name: String, after prefix: String, before suffix: String) -> Int? {
  guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
  guard let number = Int(name.dropFirst(prefix.count).dropLast(suffix.count)) else { return nil }
  return name == prefix + String(number) + suffix && number >= 0 ? number : nil
}
