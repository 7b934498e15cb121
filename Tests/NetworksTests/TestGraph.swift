// Tests of Networks: graphs and model files made in the test, so that it shows what it tests.

import Foundation
import Networks
import ONNXFormat
import TestSupport
import Tensors
import Testing

/// Builds a graph node by node.
struct TestGraph {
  var graph = Graph(opsets: ["": 18])
  var opset = 18

  static let limits = MemoryLimits(bytes: 1 << 30)

  mutating func input(
    _ name: String, _ dimensions: [Int]? = nil, _ type: ElementType = .float32
  ) -> ValueID {
    let value = graph.addValue(name)
    let declared = ValueDescription(
      name: name, elementType: type, dimensions: dimensions?.map { .fixed($0) })
    graph.inputs.append(GraphInput(value: value, declared: declared))
    return value
  }

  mutating func constant(_ tensor: Tensor) -> ValueID {
    let value = graph.addValue("constant\(graph.names.count)")
    graph.constants[value] = tensor
    return value
  }

  mutating func ints(_ values: [Int]) -> ValueID {
    constant(Tensor(values.map(Int64.init), shape: [values.count]))
  }

  mutating func node(
    _ opType: String, _ inputs: [ValueID?], _ attributes: [String: AttributeValue] = [:],
    outputs: Int = 1, domain: String = ""
  ) throws -> [ValueID] {
    let type = try #require(OperatorRegistry.type(opType, domain: domain), "\(opType)")
    let name = "\(opType)_\(graph.nodes.count)"
    let description = NodeDescription(
      opType: opType, domain: domain, opset: opset, attributes: attributes,
      inputPresence: inputs.map { $0 != nil },
      outputPresence: [Bool](repeating: true, count: outputs), name: name)
    let results = (0..<outputs).map { _ in graph.addValue("\(opType)\(graph.names.count)") }
    try graph.append(
      GraphNode(
        name: name, opType: opType, domain: domain, inputs: inputs,
        outputs: results, implementation: try type.init(description), description: description))
    return results
  }

  mutating func one(
    _ opType: String, _ inputs: [ValueID?], _ attributes: [String: AttributeValue] = [:]
  ) throws -> ValueID {
    try node(opType, inputs, attributes)[0]
  }

  /// The graph after one pass.
  func after(_ pass: any GraphPass) throws -> Graph {
    try pass.apply(graph, limits: Self.limits)
  }

  /// Expects that the passes leave every output as it was, and gives the graph after them for inputs
  /// of these shapes.
  @discardableResult
  func expectUnchanged(
    by passes: [any GraphPass], _ inputs: [Tensor], tolerance: Float = 2e-6,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Graph {
    let plain = try run(inputs)
    let changed = try run(inputs, passes: passes)
    #expect(plain.count == changed.count, sourceLocation: sourceLocation)
    for (a, b) in zip(plain, changed) {
      #expect(a.shape == b.shape && a.elementType == b.elementType, sourceLocation: sourceLocation)
      let (x, y) = (try a.numericElements(), try b.numericElements())
      let largest = x.reduce(0) { max($0, abs($1)) }
      let off = zip(x, y).filter { !($0 == $1 || $0.isNaN && $1.isNaN) }.map { abs($0 - $1) }
      #expect(
        off.allSatisfy { $0 <= Double(tolerance) * max(1, largest) },
        "off by \(off.max() ?? 0)", sourceLocation: sourceLocation)
    }
    var known = graph
    for (index, tensor) in inputs.enumerated() {
      known.inputs[index].declared.dimensions = tensor.shape.dimensions.map { .fixed($0) }
      known.inputs[index].declared.elementType = tensor.elementType
    }
    return try GraphPasses.run(passes, over: known, limits: Self.limits)
  }

  func run(_ inputs: [Tensor], passes: [any GraphPass] = []) throws -> [Tensor] {
    var graph = graph
    for pass in passes { graph = try pass.apply(graph, limits: Self.limits) }
    let core = NetworkCore(graph, limits: Self.limits, passes: passes)
    return try core.run(inputs.map { .tensor($0) }).compactMap(\.tensor)
  }
}

/// Random numbers as tensors.
struct RandomTensors {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func callAsFunction(_ shape: Shape, in range: ClosedRange<Float> = -1...1) -> Tensor {
    Tensor(generator.floats(shape.count, in: range), shape: shape)
  }
}

/// Writes a model file's bytes: just enough of the format for the tests.
struct TestModel {
  private var nodes: [[UInt8]] = []
  private var inputs: [[UInt8]] = []
  private var outputs: [[UInt8]] = []
  private var initializers: [[UInt8]] = []

  /// A constant of float32.
  mutating func initializer(_ name: String, _ values: [Float], _ lengths: [Int]) {
    var bytes: [UInt8] = []
    for length in lengths { bytes += Self.number(1, length) }
    bytes += Self.number(2, 1) + Self.field(8, Array(name.utf8))
    bytes += Self.field(9, values.withUnsafeBytes { Array($0) })
    initializers.append(bytes)
  }

  mutating func input(_ name: String, type: Int = 1, _ dimensions: [String]) {
    inputs.append(Self.valueInfo(name, type, dimensions))
  }

  mutating func output(_ name: String, type: Int = 1, _ dimensions: [String]) {
    outputs.append(Self.valueInfo(name, type, dimensions))
  }

  mutating func node(
    _ opType: String, _ inputs: [String], _ outputs: [String], name: String = "",
    domain: String = "", ints: [String: [Int]] = [:]
  ) {
    var bytes: [UInt8] = []
    for input in inputs { bytes += Self.field(1, Array(input.utf8)) }
    for output in outputs { bytes += Self.field(2, Array(output.utf8)) }
    bytes += Self.field(3, Array(name.utf8)) + Self.field(4, Array(opType.utf8))
    if !domain.isEmpty { bytes += Self.field(7, Array(domain.utf8)) }
    for (key, values) in ints {
      var attribute = Self.field(1, Array(key.utf8))
      for value in values { attribute += Self.number(8, value) }
      attribute += Self.number(20, 7)
      bytes += Self.field(5, attribute)
    }
    nodes.append(bytes)
  }

  func bytes(opset: Int = 18) -> [UInt8] {
    var graph: [UInt8] = []
    for node in nodes { graph += Self.field(1, node) }
    graph += Self.field(2, Array("test".utf8))
    for tensor in initializers { graph += Self.field(5, tensor) }
    for input in inputs { graph += Self.field(11, input) }
    for output in outputs { graph += Self.field(12, output) }
    let domains =
      Self.field(8, Self.number(2, opset))
      + Self.field(
        8, Self.field(1, Array("com.example".utf8)) + Self.number(2, 1))
    return Self.number(1, 8) + domains + Self.field(7, graph)
  }

  func network(memoryLimit: Int? = nil) throws -> CompiledNetwork {
    try CompiledNetwork(ONNXModel(bytes: bytes()), options: .init(memoryLimit: memoryLimit))
  }

  private static func valueInfo(_ name: String, _ type: Int, _ dimensions: [String]) -> [UInt8] {
    let shape = dimensions.flatMap { text in
      field(1, Int(text).map { number(1, $0) } ?? field(2, Array(text.utf8)))
    }
    let tensor = number(1, type) + field(2, shape)
    return field(1, Array(name.utf8)) + field(2, field(1, tensor))
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    var (rest, bytes) = (value, [UInt8]())
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  private static func number(_ field: Int, _ value: Int) -> [UInt8] {
    varint(UInt64(field << 3)) + varint(UInt64(bitPattern: Int64(value)))
  }

  private static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    varint(UInt64(number << 3 | 2)) + varint(UInt64(bytes.count)) + bytes
  }
}

/// Runs a single operator on tensors whose contents the planner knows, as in a file's constants, or
/// not.
func evaluate(
  _ opType: String, _ inputs: [Tensor?], _ attributes: [String: AttributeValue] = [:],
  outputs: Int = 1, opset: Int = 21, domain: String = "", constants: Set<Int> = []
) throws -> [Tensor] {
  var graph = TestGraph()
  graph.opset = opset
  var given: [Tensor] = []
  var values: [ValueID?] = []
  for (index, tensor) in inputs.enumerated() {
    if let tensor, constants.contains(index) {
      values.append(graph.constant(tensor))
    } else if let tensor {
      let value = graph.graph.addValue("input\(index)")
      graph.graph.inputs.append(
        GraphInput(
          value: value,
          declared: ValueDescription(
            name: "input\(index)", elementType: tensor.elementType, dimensions: nil)))
      values.append(value)
      given.append(tensor)
    } else {
      values.append(nil)
    }
  }
  graph.graph.outputs = try graph.node(
    opType, values, attributes, outputs: outputs, domain: domain)
  return try graph.run(given)
}

/// Whether numbers are as close as float32's rounding over a few sums leaves them.
func expectClose(
  _ tensor: Tensor, _ expected: [Double], tolerance: Double = 1e-5,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let values = try tensor.numericElements()
  try #require(values.count == expected.count, sourceLocation: sourceLocation)
  for (got, wanted) in zip(values, expected) {
    let isSame = got == wanted || (got.isNaN && wanted.isNaN)
    #expect(
      isSame || abs(got - wanted) <= tolerance * max(1, abs(wanted)), "\(values) \(expected)",
      sourceLocation: sourceLocation)
  }
}
