// Tests of Networks: operators that a program brings along.

import Networks
import ONNXFormat
import Tensors
import Testing

/// Adds its attribute to every element; a second output, where wanted, holds the shape.
private struct Shifted: CustomOperator {
  let amount: Float

  init(_ node: NodeDescription) throws { amount = Float(try node.ints("by")?.first ?? 1) }

  func outputs(for inputs: CustomInputs) throws -> [TensorType] {
    let x = try inputs.type(0)
    return [x, TensorType(.int64, [x.dimensions.count])]
  }

  func run(_ call: CustomCall) throws {
    let input = try call.input(0)
    try input.withElements(of: Float.self) { x in
      try call.withOutput(0, of: Float.self) { y in
        for index in x.indices { y[index] = x[index] + amount }
      }
    }
    guard call.wantsOutput(1) else { return }
    try call.withOutput(1, of: Int64.self) { shape in
      for axis in shape.indices { shape[axis] = Int64(input.shape[axis]) }
    }
  }
}

/// As many zeros as the contents of its input say.
private struct Zeros: CustomOperator {
  init(_: NodeDescription) throws {}
  var contentInputs: [Int] { [0] }

  func outputs(for inputs: CustomInputs) throws -> [TensorType] {
    [TensorType(.float32, try inputs.contents(0).elements(as: Int64.self).map { Int($0) })]
  }

  func run(_ call: CustomCall) throws {
    try call.withOutput(0, of: Float.self) { $0.update(repeating: 0) }
  }
}

/// Breaks the rules in one of several ways.
private struct Careless: CustomOperator {
  let way: Int

  init(_ node: NodeDescription) throws { way = try node.ints("way")?.first ?? 0 }

  func outputs(for inputs: CustomInputs) throws -> [TensorType] {
    switch way {
    case 0: [try inputs.type(7)]
    case 1: [TensorType(.float32, [-1])]
    case 2: [TensorType(.float64, [.max, .max])]
    case 3: []
    case 4: [try inputs.type(-1)]
    case 5: [TensorType(.float32, try inputs.contents(0).shape.dimensions)]
    default: [try inputs.type(0)]
    }
  }

  func run(_ call: CustomCall) throws {
    switch way {
    case 6: try call.withOutput(0, of: Double.self) { _ in }
    case 7: try call.withOutput(3, of: Float.self) { _ in }
    case 8: _ = try call.input(5)
    default: throw Complaint()
    }
  }

  struct Complaint: Error, CustomStringConvertible {
    var description: String { "the sea is too rough" }
  }
}

@Suite struct CustomOperatorTests {
  private func network<Custom: CustomOperator>(
    _ type: Custom.Type, ints: [String: [Int]] = [:], elementType: Int = 1,
    outputs: [String] = ["y"]
  ) throws -> CompiledNetwork {
    var model = TestModel()
    model.input("x", type: elementType, ["n"])
    model.node("Own", ["x"], outputs, name: "mine", domain: "com.example", ints: ints)
    for (name, type) in zip(outputs, [1, 7]) {
      model.output(name, type: name == "y" && elementType == 10 ? 10 : type, ["m"])
    }
    var options = CompiledNetwork.Options()
    options.register(Custom.self, as: "Own", domain: "com.example")
    return try CompiledNetwork(ONNXModel(bytes: model.bytes()), options: options)
  }

  @Test func computesWithItsAttributes() throws {
    let network = try network(Shifted.self, ints: ["by": [3]], outputs: ["y", "shape"])
    let x = Tensor([1, 2, 3] as [Float], shape: [3])
    let results: [String: Tensor] = try network.run(["x": x])
    #expect(results["y"]?.elements(as: Float.self) == [4, 5, 6])
    #expect(results["shape"]?.elements(as: Int64.self) == [3])
  }

  @Test func servesHalfPrecision() throws {
    let network = try network(Shifted.self, elementType: 10)
    let x = Tensor([Half(0.5), Half(2)], shape: [2])
    let results: [String: Tensor] = try network.run(["x": x])
    #expect(results["y"]?.elements(as: Half.self) == [Half(1.5), Half(3)])
  }

  @Test func readsContentsForItsShape() throws {
    let network = try network(Zeros.self, elementType: 7)
    let results: [String: Tensor] = try network.run(["x": Tensor([2, 3] as [Int64], shape: [2])])
    #expect(results["y"]?.shape == [2, 3])
    #expect(results["y"]?.elements(as: Float.self) == [Float](repeating: 0, count: 6))
  }

  @Test func standsBeforeSquallsOwn() throws {
    var model = TestModel()
    model.input("x", ["n"])
    model.node("Relu", ["x"], ["y"])
    model.output("y", ["n"])
    var options = CompiledNetwork.Options()
    options.register(Shifted.self, as: "Relu", domain: "ai.onnx")
    let network = try CompiledNetwork(ONNXModel(bytes: model.bytes()), options: options)
    let results: [String: Tensor] = try network.run(["x": Tensor([-5] as [Float], shape: [1])])
    #expect(results["y"]?.elements(as: Float.self) == [-4])
  }

  @Test func isKnownOnlyToTheNetworkItWasGivenTo() throws {
    _ = try network(Shifted.self)
    var model = TestModel()
    model.input("x", ["n"])
    model.node("Own", ["x"], ["y"], name: "mine", domain: "com.example")
    model.output("y", ["n"])
    let error = #expect(throws: NetworkError.self) { try model.network() }
    #expect(error?.code == .unsupported)
    #expect(error?.operators == ["com.example.Own"])
  }

  @Test(arguments: 0...9)
  func errorsNameTheNode(way: Int) throws {
    let error = #expect(throws: NetworkError.self) {
      let network = try network(Careless.self, ints: ["way": [way]])
      let _: [String: Tensor] = try network.run(["x": Tensor([1] as [Float], shape: [1])])
    }
    #expect(error?.message.contains("node 'mine' (com.example.Own)") == true, "\(error as Any)")
    if way == 9 { #expect(error?.message.hasSuffix("the sea is too rough") == true) }
  }
}
