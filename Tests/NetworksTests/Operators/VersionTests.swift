// Tests of Networks: what older opsets meant, and edges that ONNX's own cases do not reach.

import Networks
import ONNXFormat
import Tensors
import Testing

@Suite struct VersionTests {
  /// Opset 6 gave a slope to each channel, whatever the rank.
  @Test func oldSlopesAreByChannel() throws {
    let x = Tensor([Float](repeating: -1, count: 8), shape: [1, 2, 2, 2])
    let slopes = Tensor([Float(2), 3], shape: [2])
    let old = try evaluate("PRelu", [x, slopes], opset: 6)[0]
    #expect(old.elements(as: Float.self) == [-2, -2, -2, -2, -3, -3, -3, -3])
    let new = try evaluate("PRelu", [x, slopes], opset: 7)[0]
    #expect(new.elements(as: Float.self) == [-2, -3, -2, -3, -2, -3, -2, -3])
  }

  @Test func oldNormalisationMayBeByElement() throws {
    let x = Tensor([Float(1), 2, 3, 4, 5, 6, 7, 8], shape: [2, 2, 2])
    func statistics(_ values: [Float]) -> Tensor { Tensor(values, shape: [2, 2]) }
    let result = try evaluate(
      "BatchNormalization",
      [
        x, statistics([1, 1, 1, 2]), statistics([0, 0, 0, 1]), statistics([1, 2, 3, 4]),
        statistics([1, 1, 1, 1]),
      ], ["spatial": .int(0), "epsilon": .float(0)], opset: 7)[0]
    try expectClose(result, [0, 0, 0, 1, 4, 4, 4, 9])
  }

  @Test func oldClipHasFiniteBounds() throws {
    let x = Tensor([-Float.infinity, 1, .infinity, .nan], shape: [4])
    let largest = Double(Float.greatestFiniteMagnitude)
    try expectClose(evaluate("Clip", [x], opset: 7)[0], [-largest, 1, largest, .nan])
    try expectClose(
      evaluate("Clip", [x], ["max": .float(0.5)], opset: 6)[0], [-largest, 0.5, 0.5, .nan])
  }

  @Test func upsampleFloorsAndInterpolates() throws {
    let x = Tensor([Float(1), 2], shape: [1, 1, 1, 2])
    let nearest = try evaluate(
      "Upsample", [x], ["scales": .floats([1, 1, 2, 1.5])], opset: 7)[0]
    #expect(nearest.shape == [1, 1, 2, 3])
    #expect(nearest.elements(as: Float.self) == [1, 1, 2, 1, 1, 2])
    let linear = try evaluate(
      "Upsample", [x, Tensor([Float(1), 1, 1, 2], shape: [4])], ["mode": .string("linear")],
      opset: 9, constants: [1])[0]
    #expect(linear.elements(as: Float.self) == [1, 1.5, 2, 2])
  }

  /// A region tells where positions lie; scales alone tell how many there are.
  @Test func croppingResizeKeepsTheScaledSize() throws {
    let x = Tensor([Float(0), 1, 2, 3], shape: [4])
    let result = try evaluate(
      "Resize",
      [x, Tensor([Float(0), 0.5], shape: [2]), Tensor([Float(1)], shape: [1])],
      [
        "mode": .string("linear"),
        "coordinate_transformation_mode": .string("tf_crop_and_resize"),
      ], opset: 13, constants: [1, 2])[0]
    try expectClose(result, [0, 0.5, 1, 1.5])
  }

  @Test func remaindersOfZeroHaveTheDivisorsSign() throws {
    let a = Tensor([Float(0), -0.0, 6, -6], shape: [4])
    let b = Tensor([Float(-3), 3, -3, 3], shape: [4])
    let signs = try evaluate("Mod", [a, b], opset: 28)[0].elements(as: Float.self).map(\.sign)
    #expect(signs == [.minus, .plus, .minus, .plus])
  }

  @Test func nothingsLargestIsFalseAndSmallestTrue() throws {
    let none = Tensor([Bool](), shape: [2, 0])
    let axes = Tensor([Int64(1)], shape: [1])
    func reduced(_ opType: String) throws -> [Bool] {
      try evaluate(opType, [none, axes], opset: 20, constants: [1])[0].elements(as: Bool.self)
    }
    #expect(try reduced("ReduceMax") == [false, false])
    #expect(try reduced("ReduceMin") == [true, true])
  }

  /// Parameters belong to the activations that take them.
  @Test func recurrentParametersSkipActivationsWithoutThem() throws {
    let x = Tensor([Float(-1), -2], shape: [2, 1, 1])
    let (w, r) = (
      Tensor([Float(1), 1], shape: [2, 1, 1]), Tensor([Float(0), 0], shape: [2, 1, 1])
    )
    let result = try evaluate(
      "RNN", [x, w, r],
      [
        "hidden_size": .int(1), "direction": .string("bidirectional"),
        "activations": .strings(["Relu", "LeakyRelu"]), "activation_alpha": .floats([0.5]),
      ], opset: 14)[0]
    #expect(result.elements(as: Float.self) == [0, -0.5, 0, -1])
  }

  @Test func scansOfNothingKeepTheOtherLengths() throws {
    for length in [0, 2] {
      let stacked = try loop(times: length)
      #expect(stacked.shape == [length, 2, 3])
      #expect(stacked.elementType == .float32)
    }
  }

  /// A loop that stacks the captured value's double.
  private func loop(times: Int) throws -> Tensor {
    var body = TestGraph()
    let step = body.input("step", [])
    let condition = body.input("condition", [])
    let outer = body.graph.addValue("outer")
    body.graph.captures = [(slot: 0, inner: outer)]
    let doubled = try body.one("Add", [outer, outer])
    _ = step
    body.graph.outputs = [try body.one("Identity", [condition]), doubled]
    var graph = TestGraph()
    let value = graph.input("value", [2, 3])
    let count = graph.constant(Tensor(Int64(times)))
    let goesOn = graph.constant(Tensor(true))
    let type = try #require(OperatorRegistry.type("Loop", domain: ""))
    let operation = try type.init(
      NodeDescription(
        opType: "Loop", opset: 18, attributes: ["body": .graph(Subgraph(graph: body.graph))]))
    let result = graph.graph.addValue("stacked")
    graph.graph.nodes.append(
      GraphNode(
        name: "loop", opType: "Loop", inputs: [count, goesOn], outputs: [result],
        implementation: operation, capturedValues: [value]))
    graph.graph.outputs = [result]
    let core = try GraphCompiler.compile(graph.graph, passes: [], limits: TestGraph.limits)
    return try #require(
      try core.run([.tensor(Tensor([Float](repeating: 1, count: 6), shape: [2, 3]))])[0].tensor)
  }
}
