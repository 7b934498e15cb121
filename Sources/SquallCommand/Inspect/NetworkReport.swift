// Room: SquallCommand. What `squall inspect` says of an ONNX file.

internal import Foundation
internal import Networks
internal import ONNXFormat
internal import Tensors

/// An ONNX file, described for somebody who has never seen it.
struct NetworkReport: Encodable {
  struct Value: Encodable {
    let name: String
    let type: String
    let required: Bool?
    /// An output's shape as the operators have it, where the file does not say the same.
    var inferred: String?
  }

  let kind = "network"
  let path: String
  let producer: String
  let irVersion: Int
  let opsets: [String: Int]
  let documentation: String
  let metadata: [String: String]
  let inputs: [Value]
  private(set) var outputs: [Value]
  let nodeCount: Int
  let operators: [String: Int]
  let parameterCount: Int
  let parameterBytes: Int
  let parameterTensors: Int
  let externalFiles: [String]
  let remarks: [String]
  /// Operators that the network asks for and Squall lacks.
  let unsupportedOperators: [String]
  /// Why the network cannot be run, where it cannot.
  let problem: String?
  /// Bytes of intermediate values of a run on one sample; nil where other lengths
  /// are open.
  let workingBytes: Int?

  init(path: String, memoryLimit: Int? = nil) throws(ONNXError) {
    let model = try ONNXModel(contentsOf: URL(filePath: path))
    self.path = path
    producer = [model.producerName, model.producerVersion]
      .filter { !$0.isEmpty }.joined(separator: " ")
    irVersion = model.irVersion
    opsets = Dictionary(
      model.opsetImports.map { ($0.key.isEmpty ? "ai.onnx" : $0.key, $0.value) },
      uniquingKeysWith: max)
    documentation = model.documentation
    metadata = model.metadata
    let required = Set(model.graph.requiredInputs.map(\.name))
    inputs = model.graph.inputs.map {
      Value(
        name: $0.name, type: $0.type?.description ?? "unknown", required: required.contains($0.name)
      )
    }
    outputs = model.graph.outputs.map {
      Value(name: $0.name, type: $0.type?.description ?? "unknown", required: nil)
    }
    var census = Census()
    census.count(model.graph)
    for function in model.functions { census.count(function.nodes) }
    nodeCount = census.nodes
    operators = census.operators
    parameterCount = census.parameters
    parameterBytes = census.bytes
    parameterTensors = census.tensors
    externalFiles = Set(census.files).filter { $0 != path && $0 != URL(filePath: path).path }
      .map { URL(filePath: $0).lastPathComponent }.sorted()
    remarks = model.remarks
    do throws(NetworkError) {
      let network = try CompiledNetwork(model, options: .init(memoryLimit: memoryLimit))
      (unsupportedOperators, problem) = ([], nil)
      workingBytes = Self.workingBytes(of: network)
      let (shapes, granularity) = network.symbolicOutputs
      for (index, shape) in shapes.enumerated() where index < outputs.count {
        guard let shape else { continue }
        let text = "[\(shape.map(\.description).joined(separator: ", "))]"
        guard text != network.outputs[index].shapeDescription else { continue }
        outputs[index].inferred =
          granularity == 1 ? text : "\(text), lengths being multiples of \(granularity)"
      }
    } catch {
      (unsupportedOperators, problem) = (error.operators, error.message)
      workingBytes = nil
    }
  }

  private static func workingBytes(of network: CompiledNetwork) -> Int? {
    var shapes: [String: Shape] = [:]
    for input in network.inputs {
      guard input.kind == .tensor, let dimensions = input.dimensions else { return nil }
      var lengths: [Int] = []
      for (index, dimension) in dimensions.enumerated() {
        switch dimension {
        case .fixed(let length): lengths.append(length)
        default:
          // An open first length is nearly always the number of samples.
          guard index == 0 else { return nil }
          lengths.append(1)
        }
      }
      guard let shape = try? Shape(checking: lengths) else { return nil }
      shapes[input.name] = shape
    }
    return try? network.prepare(for: shapes)
  }
}

/// Counts what a graph is made of, its branches and loop bodies included.
private struct Census {
  var nodes = 0
  var operators: [String: Int] = [:]
  var parameters = 0
  var bytes = 0
  var tensors = 0
  var files: [String] = []

  mutating func count(_ graph: ONNXGraph) {
    for tensor in graph.initializers.values { count(tensor) }
    for tensor in graph.sparseInitializers.values { count(tensor.values) }
    count(graph.nodes)
  }

  mutating func count(_ list: [ONNXNode]) {
    for node in list {
      nodes += 1
      let isOwn = node.domain.isEmpty || node.domain == "ai.onnx"
      operators[isOwn ? node.opType : "\(node.domain).\(node.opType)", default: 0] += 1
      for attribute in node.attributes.values {
        switch attribute {
        case .graph(let graph): count(graph)
        case .graphs(let graphs): for graph in graphs { count(graph) }
        default: break
        }
      }
    }
  }

  private mutating func count(_ tensor: ONNXTensor) {
    tensors += 1
    parameters += tensor.elementCount
    guard let range = tensor.byteRange else { return }
    bytes += range.count
    if let path = range.owner.path { files.append(path) }
  }
}

extension NetworkReport {
  /// The report for people.
  var text: String {
    var page = Page()
    page.add("network", path)
    let versions = opsets.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    page.add(
      "made by",
      (producer.isEmpty ? "an unnamed program" : producer)
        + ", ONNX IR \(irVersion), operator set \(versions.joined(separator: ", "))")
    if !documentation.isEmpty { page.add("says", String(documentation.prefix(300))) }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      page.more("\(key): \(value.prefix(200))")
    }
    page.add(
      "parameters",
      "\(Page.count(parameterCount)) in \(Page.count(parameterTensors)) tensors, "
        + Page.bytes(parameterBytes)
        + (externalFiles.isEmpty
          ? "" : ", outside the file: \(externalFiles.joined(separator: ", "))")
    )
    let census = operators.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    page.add(
      "operators",
      "\(Page.count(nodeCount)): "
        + census.map { $0.value == 1 ? $0.key : "\($0.key) ×\($0.value)" }.joined(separator: ", "))
    if let workingBytes {
      page.add("memory", "\(Page.bytes(workingBytes)) for intermediate values, one sample")
    }
    for remark in remarks { page.add("remark", remark) }
    page.table(
      "inputs",
      inputs.map { [$0.name, $0.type] + ($0.required == false ? ["may be left out"] : []) })
    page.table(
      "outputs", outputs.map { [$0.name, $0.type] + ($0.inferred.map { ["is \($0)"] } ?? []) })
    for line in next { page.add("next", line) }
    return page.text
  }

  private var next: [String] {
    if let problem {
      return [
        unsupportedOperators.isEmpty
          ? "cannot be run: \(problem)"
          : "cannot be run yet, for want of \(unsupportedOperators.joined(separator: ", "))"
      ]
    }
    let files = inputs.filter { $0.required ?? true }.map { "--input \($0.name)=FILE.npy" }
    let results = outputs.map { "--output \($0.name)=FILE.npy" }
    return ["squall run \(path) \((files + results).joined(separator: " "))"]
  }
}
