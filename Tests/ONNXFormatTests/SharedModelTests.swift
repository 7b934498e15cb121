// Tests: ONNXFormat. Every model and reference value in ../shared is read.

import Foundation
import ONNXFormat
import TestSupport
import Testing

/// The folders of `../shared/folder` that hold a model.
func sharedCases(_ folder: String) -> [URL] {
  let url = SharedFolder.url.appending(path: folder)
  let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
  return names.sorted().map { url.appending(path: $0) }.filter {
    FileManager.default.fileExists(atPath: $0.appending(path: "model.onnx").path)
  }
}

/// What `meta.json`, written by the onnx package, says of a network.
private struct Meta: Decodable {
  struct Port: Decodable {
    enum Length: Decodable, Equatable {
      case fixed(Int)
      case symbol(String?)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let length = try? container.decode(Int.self) {
          self = .fixed(length)
        } else {
          self = .symbol(try? container.decode(String.self))
        }
      }
    }
    let shape: [Length]
    let type: String
  }

  let nodes: Int
  let ops: [String: Int]
  let opset: [String: Int]
  let irVersion: Int
  let producer: String
  let inputs: [String: Port]
  let outputs: [String: Port]
}

@Suite struct SharedModelTests {
  @Test(.enabled(if: SharedFolder.exists("networks")), arguments: sharedCases("networks"))
  func networkIsAsItsMetaSays(folder: URL) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .custom { keys in
      let key = keys[keys.count - 1]
      return key.stringValue == "ir_version" ? Key("irVersion") : key
    }
    let meta = try decoder.decode(
      Meta.self, from: Data(contentsOf: folder.appending(path: "meta.json")))
    let model = try ONNXModel(contentsOf: folder.appending(path: "model.onnx"))

    #expect(model.irVersion == meta.irVersion)
    #expect(model.producerName + " " + model.producerVersion == meta.producer)
    let opsets = Dictionary(
      uniqueKeysWithValues: model.opsetImports.map {
        ($0.key.isEmpty ? "ai.onnx" : $0.key, $0.value)
      })
    #expect(opsets == meta.opset)
    var operators: [String: Int] = [:]
    forEachNode(of: model.graph) { operators[$0.opType, default: 0] += 1 }
    #expect(operators.values.reduce(0, +) == meta.nodes)
    #expect(operators == meta.ops)
    for (values, ports) in [
      (model.graph.requiredInputs, meta.inputs), (model.graph.outputs, meta.outputs),
    ] {
      #expect(Set(values.map(\.name)) == Set(ports.keys))
      for value in values {
        guard case .tensor(let element, let shape?) = value.type, let port = ports[value.name]
        else {
          Issue.record("\(value) is not a tensor with a shape")
          continue
        }
        #expect(element.onnxName == port.type)
        #expect(shape.count == port.shape.count)
        for (length, other) in zip(shape, port.shape) {
          if case .fixed(let number) = length { #expect(other == .fixed(number)) }
          if case .symbol(let name) = length { #expect(other == .symbol(name)) }
        }
      }
    }
    #expect(model.remarks.isEmpty)
  }

  /// How many tensors, how many bytes, and their CRC-32, as onnx 1.23's numpy_helper has them.
  struct Reference: Sendable {
    let folder: String
    let models: (tensors: Int, bytes: Int, checksum: UInt32)
    let values: (tensors: Int, bytes: Int, checksum: UInt32)
  }

  @Test(
    .enabled(if: SharedFolder.exists("conformance")),
    arguments: [
      Reference(
        folder: "conformance", models: (1347, 22_307, 2_977_941_934),
        values: (3604, 6_815_724, 2_023_188_666)),
      Reference(
        folder: "networks", models: (3392, 46_317_167, 930_873_501),
        values: (69, 47_262_208, 1_612_871_644)),
    ])
  func everyTensorHoldsWhatTheReferenceReads(reference: Reference) throws {
    var models = Checksum()
    var values = Checksum()
    for test in try ONNXTestCase.find(in: SharedFolder.url.appending(path: reference.folder)) {
      let graph = try ONNXModel(contentsOf: test.model).graph
      add(graph, to: &models)
      for set in try test.dataSets() {
        let inputs = try set.inputs(of: graph)
        for port in graph.requiredInputs {
          guard let value = inputs[port.name] else { continue }
          expect(value, is: port.type, test.folder)
          add(value, to: &values)
        }
        for (port, output) in zip(graph.outputs, try set.outputs(of: graph)) {
          expect(output.value, is: port.type, test.folder)
          add(output.value, to: &values)
        }
      }
    }
    #expect((models.tensors, models.byteCount, models.value) == reference.models)
    #expect((values.tensors, values.byteCount, values.value) == reference.values)
  }

  /// Constants in the file's order, then the tensors in attributes by node and name.
  private func add(_ graph: ONNXGraph, to sum: inout Checksum) {
    for name in graph.initializerNames {
      guard let tensor = graph.initializers[name] else { continue }
      add(.tensor(tensor), to: &sum)
    }
    for node in graph.nodes {
      for (_, attribute) in node.attributes.sorted(by: { $0.key < $1.key }) {
        if case .tensor(let tensor) = attribute { add(.tensor(tensor), to: &sum) }
        if case .graph(let inner) = attribute { add(inner, to: &sum) }
      }
    }
  }

  private func add(_ value: ONNXTestValue, to sum: inout Checksum) {
    guard case .tensor(let tensor) = value else { return }
    switch tensor.payload {
    case .bytes(let range): range.withBytes { sum.add($0) }
    case .strings(let strings):
      Array(strings.joined(separator: "\0").utf8).withUnsafeBytes { sum.add($0) }
    }
  }

  /// Describing a network reads no weights: milliseconds for all of them, even on a busy machine.
  @Test(.enabled(if: SharedFolder.exists("networks")))
  func loadingTakesMilliseconds() throws {
    let cases = sharedCases("networks")
    var best = Duration.seconds(60)
    for _ in 0..<3 {
      let time = try ContinuousClock().measure {
        for url in cases { _ = try ONNXModel(contentsOf: url.appending(path: "model.onnx")) }
      }
      best = min(best, time)
    }
    #expect(best < .milliseconds(20 * cases.count), "\(best) for \(cases.count) networks")
  }

  private func expect(_ value: ONNXTestValue, is type: ONNXType?, _ file: URL) {
    switch (value, type) {
    case (.tensor(let tensor), .tensor(let element, let shape)):
      #expect(tensor.elementType == element, "\(file.path)")
      guard let shape else { return }
      #expect(shape.count == tensor.dims.count, "\(file.path)")
      for (length, dim) in zip(shape, tensor.dims) {
        if case .fixed(let number) = length { #expect(number == dim, "\(file.path)") }
      }
    case (.sequence(let elements), .sequence(let type)):
      for element in elements { expect(element, is: type, file) }
    case (.optional(let element), .optional(let type)):
      if let element { expect(element, is: type, file) }
    default: Issue.record("\(file.path) is not \(String(describing: type))")
    }
  }
}

/// Calls `body` for the nodes of `graph` and of the graphs inside it.
func forEachNode(of graph: ONNXGraph, _ body: (ONNXNode) -> Void) {
  for node in graph.nodes {
    body(node)
    for attribute in node.attributes.values {
      for inner in attribute.subgraphs { forEachNode(of: inner, body) }
    }
  }
}

private struct Key: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(_ name: String) { stringValue = name }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
