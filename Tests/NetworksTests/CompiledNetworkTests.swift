// Tests of Networks: the front door, its errors, and several tasks at once.

import Foundation
import Networks
import ONNXFormat
import Tensors
import TestSupport
import Testing

@Suite struct CompiledNetworkTests {
  private func model() -> TestModel {
    var model = TestModel()
    model.input("image", ["batch", "3", "height", "width"])
    model.input("other", ["batch", "3", "height", "width"])
    model.output("result", ["batch", "3", "height", "width"])
    model.node("Add", ["image", "other"], ["sum"])
    model.node("Relu", ["sum"], ["result"])
    return model
  }

  @Test func describesItsInputsAndOutputs() throws {
    let network = try model().network()
    #expect(
      network.inputs.map(\.description) == [
        "image: float32 [batch, 3, height, width]", "other: float32 [batch, 3, height, width]",
      ])
    #expect(network.outputs.map(\.name) == ["result"])
    #expect(network.isDeterministic)
  }

  @Test func wrongInputsAreNamedWithBothShapes() throws {
    let network = try model().network()
    let good = Tensor(zeros: [1, 3, 4, 5])
    func failure(_ inputs: [String: Tensor]) -> NetworkError? {
      do {
        _ = try network.run(inputs)
        return nil
      } catch {
        return error
      }
    }
    #expect(failure(["image": good, "other": good]) == nil)
    #expect(failure(["image": good])?.code == .missingInput)
    #expect(failure(["image": good])?.message.contains("'other'") == true)
    #expect(failure(["image": good, "other": good, "x": good])?.code == .unknownInput)
    let channels = failure(["image": Tensor(zeros: [1, 2, 4, 5]), "other": good])
    #expect(channels?.code == .inputMismatch)
    #expect(channels?.message.contains("[1, 2, 4, 5]") == true)
    #expect(channels?.message.contains("[batch, 3, height, width]") == true)
    let symbols = failure(["image": good, "other": Tensor(zeros: [1, 3, 4, 6])])
    #expect(symbols?.message.contains("'width' is 5") == true)
    let type = failure(["image": Tensor(zeros: [1, 3, 4, 5], .float64), "other": good])
    #expect(type?.code == .inputMismatch)
    #expect(failure(["image": Tensor(zeros: [3, 4, 5]), "other": good])?.code == .inputMismatch)
  }

  @Test func missingOperatorsAreListedTogether() throws {
    var model = model()
    model.node("Foo", ["image"], ["a"], name: "first")
    model.node("Bar", ["a"], ["b"], name: "second", domain: "com.example")
    model.node("Foo", ["b"], ["c"], name: "third")
    do {
      _ = try model.network()
      Issue.record("compiled")
    } catch let error as NetworkError {
      #expect(error.code == .unsupported)
      #expect(error.operators == ["Foo", "com.example.Bar"])
      for name in ["'first'", "'second'", "'third'"] { #expect(error.message.contains(name)) }
      #expect(!error.message.contains("\n"))
    }
  }

  @Test func planningTellsTheMemoryBeforehand() throws {
    var options = CompiledNetwork.Options()
    options.passes = []
    let network = try CompiledNetwork(ONNXModel(bytes: model().bytes()), options: options)
    let shape: Shape = [1, 3, 10, 10]
    #expect(try network.prepare(for: ["image": shape, "other": shape]) == 1216)
    // Fused, nothing lies between the input and the output.
    #expect(try self.model().network().prepare(for: ["image": shape, "other": shape]) == 0)
  }

  /// Several tasks run one network on different sizes and get what one task gets.
  @Test(.enabled(if: SharedFolder.exists("networks")))
  func severalTasksRunOneNetwork() async throws {
    let url = SharedFolder.url.appending(path: "networks/rainnet/model.onnx")
    let network = try CompiledNetwork(contentsOf: url)
    @Sendable func input(_ seed: Int) -> Tensor {
      var random = Generator(seed: UInt64(seed))
      let shape: Shape = [1 + seed % 2, 4, 160, 160]
      return Tensor(
        (0..<shape.count).map { _ in Float.random(in: 0...1, using: &random) }, shape: shape)
    }
    @Sendable func run(_ seed: Int) throws -> [Float] {
      try network.run(["scans": input(seed)])["nowcast"]?.elements(as: Float.self) ?? []
    }
    let alone = try (0..<4).map(run)
    try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
      for seed in 0..<8 { group.addTask { (seed % 4, try run(seed % 4)) } }
      for try await (seed, result) in group { #expect(result == alone[seed]) }
    }
  }

  @Test(
    .enabled(if: SharedFolder.exists("networks")),
    arguments: ["rainnet", "smaat_unet", "convlstm", "convgru_loop"])
  func theBitsDoNotDependOnTheThreads(name: String) throws {
    let folder = SharedFolder.url.appending(path: "networks/\(name)")
    let model = try ONNXModel(contentsOf: folder.appending(path: "model.onnx"))
    let network = try CompiledNetwork(model)
    let testCase = try #require(try ONNXTestCase.find(in: folder).first)
    var inputs: [String: NetworkValue] = [:]
    for (name, value) in try testCase.dataSets()[0].inputs(of: model.graph) {
      inputs[name] = try NetworkValue(value, elementType: nil)
    }
    func bytes(threads: Int) throws -> [[UInt8]] {
      try ThreadPool(threads: threads).asCurrent {
        let results = try network.run(inputs)
        return results.keys.sorted().compactMap { key in
          results[key]?.tensor?.withBytes { Array($0) }
        }
      }
    }
    let one = try bytes(threads: 1)
    #expect(!one.isEmpty)
    #expect(try bytes(threads: 2) == one)
    #expect(try bytes(threads: 3) == one)
  }

  /// Rounded products differ by no more than rounding does, and only where they are asked for.
  @Test func fastPrecisionRoundsLargeProducts() throws {
    func run(rounds: Bool) throws -> [[Float]] {
      var test = TestGraph()
      var random = RandomTensors(seed: 21)
      test.graph.outputs = [
        try test.one("MatMul", [test.input("x"), test.constant(random([256, 300]))]),
        try test.one("MatMul", [test.input("y"), test.constant(random([256, 4]))]),
      ]
      let inputs = [NetworkValue.tensor(random([20, 256])), .tensor(random([20, 256]))]
      let limits = MemoryLimits(bytes: 1 << 30, roundsProducts: rounds)
      let core = NetworkCore(test.graph, limits: limits, passes: GraphPasses.standard)
      return try core.run(inputs).compactMap(\.tensor).map { $0.elements() }
    }
    let (full, fast) = (try run(rounds: false), try run(rounds: true))
    #expect(full[1] == fast[1])
    let off = zip(full[0], fast[0]).map { abs($0 - $1) }.max() ?? 0
    if KernelVariant.chosen.roundingProducts.halfProducts == nil {
      #expect(off == 0)
    } else {
      #expect(off > 0 && off < 0.1)
    }
  }
}
