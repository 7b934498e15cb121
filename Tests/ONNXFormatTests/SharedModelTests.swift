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

  @Test(.enabled(if: SharedFolder.exists("conformance")), arguments: ["conformance", "networks"])
  func everyModelAndValueIsRead(folder: String) throws {
    var values = 0
    for url in sharedCases(folder) {
      let model = try ONNXModel(contentsOf: url.appending(path: "model.onnx"))
      let sets = try FileManager.default.contentsOfDirectory(atPath: url.path)
      for set in sets where set.hasPrefix("test_data_set_") {
        for (prefix, ports) in [
          ("input", model.graph.requiredInputs), ("output", model.graph.outputs),
        ] {
          for (index, port) in ports.enumerated() {
            let file = url.appending(path: "\(set)/\(prefix)_\(index).pb")
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            let value = try ONNXTestValue(contentsOf: file, as: port.type)
            expect(value, is: port.type, file)
            values += 1
          }
        }
      }
    }
    #expect(values > (folder == "networks" ? 40 : 3000))
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
