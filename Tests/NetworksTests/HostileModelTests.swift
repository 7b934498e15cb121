// Tests of Networks: models that lie, nest, loop for ever or ask for too much end in one error line.

import FuzzSupport
import Foundation
import Networks
import ONNXFormat
import Tensors
import TestSupport
import Testing

@Suite struct HostileModelTests {
  typealias W = ModelWriter

  private static var x: W.Field { W.port(11, "x", ["2"]) }
  private static var y: W.Field { W.port(12, "y") }

  private func error(
    _ bytes: [UInt8], memoryLimit: Int = 64 << 20, iterationLimit: Int = 1000,
    _ inputs: [String: Tensor] = ["x": Tensor(zeros: [2])]
  ) -> NetworkError? {
    do {
      var options = CompiledNetwork.Options(memoryLimit: memoryLimit)
      options.iterationLimit = iterationLimit
      _ = try CompiledNetwork(ONNXModel(bytes: bytes), options: options).run(inputs)
      return nil
    } catch {
      return error as? NetworkError
        ?? NetworkError(.invalidModel, (error as? ONNXError)?.message ?? "\(error)")
    }
  }

  // MARK: Nesting

  /// A chain of functions, each calling the next.
  private func chain(_ length: Int) -> [UInt8] {
    let functions = (0..<length).map { index in
      W.function(
        "F\(index)", ["a"], ["b"],
        [
          index + 1 < length
            ? W.node("F\(index + 1)", ["a"], ["b"], domain: "f") : W.node("Neg", ["a"], ["b"])
        ])
    }
    return W.model(
      W.graph([W.node("F0", ["x"], ["y"], domain: "f")], [Self.x, Self.y]), functions: functions)
  }

  @Test func functionsNestOnlySoDeep() throws {
    #expect(error(chain(30)) == nil)
    let tooDeep = try #require(error(chain(5000)))
    #expect(tooDeep.code == .invalidModel)
    #expect(tooDeep.message.contains("nested more than"))
  }

  @Test func aFunctionThatCallsItselfIsRefused() throws {
    let function = W.function("F", ["a"], ["b"], [W.node("F", ["a"], ["b"], domain: "f")])
    let fault = try #require(
      error(
        W.model(
          W.graph([W.node("F", ["x"], ["y"], domain: "f")], [Self.x, Self.y]),
          functions: [function])))
    #expect(fault.message.contains("circle"), "\(fault)")
  }

  /// A default that refers to itself has no value, and must not be looked for without end.
  @Test func anAttributeThatRefersToItselfHasNoValue() {
    let own = WireMessage(.attribute, [W.text(1, "alpha"), W.text(21, "alpha"), W.int(20, 1)])
    let node = WireMessage(
      .node, [W.text(1, "a"), W.text(2, "b"), W.text(4, "Elu"), (5, .message(own))])
    let function = WireMessage(
      .function,
      [
        W.text(1, "F"), W.text(4, "a"), W.text(5, "b"), (7, .message(node)), (11, .message(own)),
        W.text(10, "f"),
      ])
    let model = W.model(
      W.graph([W.node("F", ["x"], ["y"], domain: "f")], [Self.x, Self.y]), functions: [function])
    #expect(error(model) == nil)
  }

  /// Functions that call the next one twice: thirty of them would be a thousand million nodes.
  @Test func functionsThatMultiplyAreRefused() throws {
    let functions = (0..<30).map { index in
      W.function(
        "F\(index)", ["a"], ["b"],
        index == 29
          ? [W.node("Neg", ["a"], ["b"])]
          : [
            W.node("F\(index + 1)", ["a"], ["m"], domain: "f"),
            W.node("F\(index + 1)", ["m"], ["b"], domain: "f"),
          ])
    }
    let graph = W.graph([W.node("F0", ["x"], ["y"], domain: "f")], [Self.x, Self.y])
    let fault = try #require(error(W.model(graph, functions: functions)))
    #expect(fault.message.contains("would expand"), "\(fault)")
    // A few thousand nodes are fine, unless the caller allows no memory for them.
    let few = Array(functions.suffix(13))
    let small = W.graph([W.node("F17", ["x"], ["y"], domain: "f")], [Self.x, Self.y])
    #expect(error(W.model(small, functions: few)) == nil)
    #expect(error(W.model(small, functions: few), memoryLimit: 1 << 20)?.code == .memoryLimit)
  }

  @Test func branchesNestOnlySoDeep() throws {
    func model(_ depth: Int) -> [UInt8] {
      var inner = W.graph([W.node("Neg", ["x"], ["b"])], [W.port(12, "b")])
      for _ in 0..<depth {
        inner = W.graph(
          [
            W.node(
              "If", ["c"], ["b"], [("then_branch", .graph(inner)), ("else_branch", .graph(inner))])
          ], [W.port(12, "b")])
        if inner.bytes.count > 1 << 20 { break }
      }
      return W.model(
        W.graph(
          [
            W.node("Identity", ["q"], ["c"]),
            W.node(
              "If", ["c"], ["y"], [("then_branch", .graph(inner)), ("else_branch", .graph(inner))]),
          ], [Self.x, W.port(11, "q", [], type: 9), Self.y]))
    }
    let inputs = ["x": Tensor(zeros: [2]), "q": Tensor(true)]
    #expect(error(model(6), inputs) == nil)
    // Nested by hand, since each level doubles the file: the graphs in one attribute only.
    var deep = W.graph([W.node("Neg", ["x"], ["b"])], [W.port(12, "b")]).bytes
    for _ in 0..<40 {
      func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        WireMessage(.leaf, [(number, .bytes(bytes))]).bytes
      }
      let attribute = field(1, Array("then_branch".utf8)) + field(6, deep) + [0xa0, 0x01, 5]
      let node =
        field(1, Array("c".utf8)) + field(2, Array("b".utf8))
        + field(4, Array("If".utf8)) + field(5, attribute)
      deep = field(1, node) + W.graph([], [W.port(12, "b")]).bytes
    }
    let head = WireMessage(.leaf, [(7, .bytes(deep))]).bytes
    let fault = try #require(error(W.model(W.graph([], [])) + head))
    #expect(!fault.message.contains("\n"))
  }

  // MARK: Loops

  /// A loop of `count` iterations over a body that adds to its state, or stacks it.
  private func loop(_ count: Int, stacks: Bool) -> [UInt8] {
    let body = W.graph(
      [W.node("Identity", ["q"], ["p"]), W.node("Add", ["s", "s"], ["t"])]
        + (stacks ? [W.node("Identity", ["t"], ["o"])] : []),
      [
        W.port(11, "i", [], type: 7), W.port(11, "q", [], type: 9), W.port(11, "s"),
        W.port(12, "p"), W.port(12, "t"),
      ] + (stacks ? [W.port(12, "o")] : []))
    return W.model(
      W.graph(
        [W.node("Loop", ["n", "", "x"], stacks ? ["z", "y"] : ["y"], [("body", .graph(body))])],
        constants: [W.integers("n", [count], [])], [Self.x, Self.y]))
  }

  @Test func aLoopThatNeverEndsEndsInAnError() throws {
    #expect(error(loop(500, stacks: false)) == nil)
    let fault = try #require(error(loop(.max, stacks: false)))
    #expect(fault.message.contains("1000 iterations"), "\(fault)")
    #expect(fault.code == .runFailed)
    #expect(error(loop(-5, stacks: false)) == nil)
  }

  @Test func whatALoopStacksIsLimited() throws {
    let inputs = ["x": Tensor(zeros: [2, 50_000])]
    let wide = loop(.max, stacks: true)
    // The declared shape is [2]; what is stacked is 8 bytes a time and its handles.
    let fault = try #require(error(wide, memoryLimit: 200_000, iterationLimit: .max))
    #expect(fault.code == .memoryLimit, "\(fault)")
    #expect(error(wide, inputs)?.code == .inputMismatch)
  }

  @Test func aCancelledTaskStopsItsRun() async throws {
    let model = try ONNXModel(bytes: loop(.max, stacks: false))
    let network = try CompiledNetwork(model)
    let task = Task.detached {
      try network.run(["x": Tensor(zeros: [2])])
    }
    task.cancel()
    await #expect {
      _ = try await task.value
    } throws: { error in
      (error as? NetworkError)?.code == .cancelled
    }
  }

  // MARK: Memory

  @Test func theLimitCountsEverythingAtATime() throws {
    // 4 MB in, which are the caller's, 4 MB for what lies between, 4 MB out.
    let model = W.model(
      W.graph(
        [
          W.node("Exp", ["x"], ["a"]), W.node("MatMul", ["a", "w"], ["b"]),
          W.node("Neg", ["b"], ["y"]),
        ], constants: [W.weights("w", [16, 16])], [W.port(11, "x", ["n", "16"]), Self.y]))
    let input = ["x": Tensor(zeros: [65_536, 16])]
    #expect(error(model, memoryLimit: 20 << 20, input) == nil)
    let fault = try #require(error(model, memoryLimit: 7 << 20, input))
    #expect(fault.code == .memoryLimit)
    #expect(!fault.message.contains("\n"))
  }

  /// Plans of other shapes are let go before the limit is an error, and outputs are the caller's.
  @Test func keptPlansMakeRoom() throws {
    let model = W.model(
      W.graph(
        [W.node("Exp", ["x"], ["a"]), W.node("Tanh", ["a"], ["b"]), W.node("Neg", ["b"], ["y"])],
        [W.port(11, "x", ["n"]), Self.y]))
    let network = try CompiledNetwork(
      ONNXModel(bytes: model), options: .init(memoryLimit: 12 << 20))
    var kept: [Tensor] = []
    for extra in 0..<8 {
      let input = Tensor(zeros: [1_000_000 + extra])
      kept += try network.run(["x": input]).values
    }
    #expect(kept.count == 8)
  }

  /// Shapes that a few bytes can ask for.
  static let greedy: [(operation: String, values: [Int])] = [
    ("ConstantOfShape", [1 << 40]), ("ConstantOfShape", [1 << 20, 1 << 20, 1 << 20]),
    ("ConstantOfShape", [1 << 40, 0]), ("ConstantOfShape", [.max, .max]),
    ("ConstantOfShape", [-1]), ("RandomNormal", [1 << 45]), ("RandomUniform", [1 << 31, 1 << 31]),
  ]

  @Test(arguments: greedy) func shapesBeyondTheLimitAreRefused(
    _ item: (operation: String, values: [Int])
  ) throws {
    let isRandom = item.operation.hasPrefix("Random")
    let node =
      isRandom
      ? W.node(item.operation, [], ["y"], [("shape", .ints(item.values))])
      : W.node(item.operation, ["s"], ["y"])
    let model = W.model(W.graph([node], constants: [W.integers("s", item.values)], [Self.y]))
    let fault = try #require(error(model, [:]))
    #expect([.memoryLimit, .invalidGraph].contains(fault.code), "\(fault)")
  }

  @Test func sparseTensorsThatLieAreRefused() throws {
    func model(_ lengths: [Int], _ indices: [Int], _ indexShape: [Int]? = nil) -> [UInt8] {
      let sparse = WireMessage(
        .sparseTensor,
        [
          (1, .message(W.weights("w", [2]))),
          (2, .message(W.integers("", indices, indexShape))),
        ] + lengths.map { W.int(3, $0) })
      return W.model(
        WireMessage(
          .graph,
          [(1, .message(W.node("Neg", ["w"], ["y"]))), (15, .message(sparse)), Self.y]))
    }
    #expect(error(model([2, 3], [1, 5]), [:]) == nil)
    for (lengths, indices, shape) in [
      ([2, 3], [1, 6], nil), ([2, 3], [-1, 5], nil), ([2, 3], [1], nil),
      ([2, 3], [1, 2, 3, 4], [2, 2]), ([2, 3], [0, .max, 1, 1], [2, 2]),
      ([1 << 31, 1 << 31], [1, 5], nil), ([1 << 50], [1, 5], nil), ([-2, 3], [1, 5], nil),
    ] as [([Int], [Int], [Int]?)] {
      let fault = error(model(lengths, indices, shape), [:])
      #expect(fault != nil, "\(lengths) \(indices)")
      #expect(fault?.message.contains("\n") == false)
    }
  }
}
