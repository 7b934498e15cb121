// Tests of Networks: the arena's layout and the plan.

import Foundation
import Networks
import TestSupport
import Tensors
import Testing

@Suite struct PlannerTests {
  /// `Identity` hands on what is no tensor, also where no pass has taken it away.
  @Test func identityHandsOnSequences() throws {
    var test = TestGraph()
    let x = test.input("x", [2])
    let sequence = try test.one("SequenceConstruct", [x, x])
    let same = try test.one("Identity", [sequence])
    test.graph.outputs = [try test.one("SequenceAt", [same, test.ints([1])])]
    let result = try test.run([Tensor([3, 4] as [Float], shape: [2])])
    #expect(result.first?.elements(as: Float.self) == [3, 4])
  }

  @Test(arguments: 0..<40)
  func blocksThatLiveTogetherNeverOverlap(seed: Int) throws {
    var random = Generator(seed: UInt64(seed))
    let steps = 1 + Int(random.next() % 60)
    let blocks = (0..<Int(random.next() % 90)).map { _ in
      let first = Int(random.next() % UInt64(steps))
      return ArenaLayout.Block(
        byteCount: Int(random.next() % 5000), first: first,
        last: first + Int(random.next() % UInt64(steps - first)))
    }
    let layout = try #require(ArenaLayout.place(blocks))
    for (index, block) in blocks.enumerated() {
      #expect(layout.offsets[index] % ArenaLayout.alignment == 0)
      #expect(layout.offsets[index] + block.byteCount <= layout.byteCount)
      for other in 0..<index {
        let (a, b) = (block, blocks[other])
        guard a.first <= b.last, b.first <= a.last, a.byteCount > 0, b.byteCount > 0 else {
          continue
        }
        let (x, y) = (layout.offsets[index], layout.offsets[other])
        #expect(x + a.byteCount <= y || y + b.byteCount <= x, "seed \(seed)")
      }
    }
    #expect(layout.byteCount >= ArenaLayout.lowerBound(blocks))
  }

  /// The largest block first, at the lowest place, leaves gaps here.
  @Test func layoutsTryOtherOrders() throws {
    func block(_ size: Int, _ first: Int, _ last: Int) -> ArenaLayout.Block {
      ArenaLayout.Block(byteCount: size * 64, first: first, last: last)
    }
    let blocks = [
      block(6, 2, 3), block(5, 0, 1), block(4, 1, 2), block(3, 3, 4), block(2, 4, 5),
      block(5, 5, 6), block(4, 3, 5),
    ]
    let layout = try #require(ArenaLayout.place(blocks))
    #expect(Double(layout.byteCount) <= 1.1 * Double(ArenaLayout.lowerBound(blocks)))
  }

  /// Joined values are made where they belong, and parts stay where they are: of values that are used
  /// elsewhere, that are joined again, that are seen under another shape, or whose owner's memory is
  /// taken over.
  @Test(arguments: ["plain", "used", "nested", "viewed", "overwritten", "cut", "twice"])
  func partsLieInsideTheirOwners(kind: String) throws {
    var random = RandomTensors(seed: 91)
    var test = TestGraph()
    let x = test.input("x", [1, 16, 4, 8])
    func made(_ opType: String, _ inputs: [ValueID?], _ test: inout TestGraph) throws -> ValueID {
      try test.one(opType, inputs)
    }
    let a = try made("Exp", [x], &test)
    let b = try made("Tanh", [try made("Mul", [x, a], &test)], &test)
    let joined = try test.one("Concat", [a, b], ["axis": .int(1)])
    var outputs: [ValueID] = []
    switch kind {
    case "used":
      outputs = [try made("Add", [try made("Sqrt", [a], &test), b], &test)]
    case "nested":
      let c = try made("Sigmoid", [x], &test)
      let all = try test.one("Concat", [c, joined], ["axis": .int(1)])
      outputs = [try made("Cos", [all], &test)]
    case "viewed":
      let flat = try test.one("Reshape", [b, test.ints([16, 32])])
      outputs = [try made("Sin", [flat], &test)]
    case "overwritten":
      let changed = try made("Abs", [joined], &test)
      outputs = [try made("Exp", [changed], &test), try made("Neg", [a], &test)]
    case "cut":
      let parts = try test.node("Split", [joined], ["axis": .int(1)], outputs: 2)
      let part = try test.one(
        "Slice", [parts[1], test.ints([4]), test.ints([12]), test.ints([1])])
      outputs = [
        try made("Mul", [parts[0], parts[1]], &test), try made("Exp", [part], &test),
      ]
    case "twice":
      outputs = [
        try made("Cos", [try test.one("Concat", [b, b, a], ["axis": .int(1)])], &test)
      ]
    default: break
    }
    let sum = try test.one("ReduceSum", [joined, test.ints([0])])
    if kind != "overwritten" { outputs += [try made("Cos", [joined], &test), sum] }
    test.graph.outputs = outputs
    let image = random([1, 16, 4, 8])
    let whole = try test.run([image])
    // One value at a time, each an output: nothing can lie inside another.
    for (place, output) in test.graph.outputs.enumerated() {
      var every = test
      every.graph.outputs = every.graph.nodes.flatMap { $0.outputs.compactMap { $0 } }
      let results = try every.run([image])
      let index = try #require(every.graph.outputs.firstIndex(of: output))
      #expect(whole[place].elements(as: Float.self) == results[index].elements(as: Float.self))
    }
  }

  /// The memory of a run is within a tenth of what lives at a time.
  @Test(
    .enabled(if: SharedFolder.exists("networks")),
    arguments: ["afno", "convlstm", "fuxi_like", "gnn", "langya_swin", "pangu3d", "rainnet"])
  func realNetworksNeedLittleMoreThanWhatLives(name: String) throws {
    let file = SharedFolder.url.appending(path: "networks/\(name)/model.onnx")
    let network = try CompiledNetwork(contentsOf: file)
    let shapes = try network.shapes(lengths: [:])
    let plan = try network.plan(for: shapes)
    #expect(plan.arenaBytes >= plan.arenaLowerBound)
    #expect(Double(plan.arenaBytes) <= 1.1 * Double(plan.arenaLowerBound))
  }

  @Test func overflowingBlocksAreRefused() {
    let block = ArenaLayout.Block(byteCount: .max - 100, first: 0, last: 0)
    #expect(ArenaLayout.place([block, block]) == nil)
  }

  /// A random chain of element-wise nodes with reuse gives what computing each by itself gives.
  @Test(arguments: 0..<20)
  func sharedMemoryChangesNoResult(seed: Int) throws {
    var random = Generator(seed: UInt64(seed) &+ 1000)
    var test = TestGraph()
    let input = test.input("x")
    var values = [input]
    var expected: [[Float]] = [[-2, -1, 0.5, 3, 7, 11]]
    for _ in 0..<25 {
      let (a, b) = (
        Int(random.next() % UInt64(values.count)), Int(random.next() % UInt64(values.count))
      )
      switch random.next() % 5 {
      case 0:
        values.append(try test.one("Relu", [values[a]]))
        expected.append(expected[a].map { max($0, 0) })
      case 1:
        values.append(try test.one("Neg", [values[a]]))
        expected.append(expected[a].map { -$0 })
      case 2:
        values.append(try test.one("Add", [values[a], values[b]]))
        expected.append(zip(expected[a], expected[b]).map { $0 + $1 })
      case 3:
        let flat = try test.one("Reshape", [values[a], test.ints([6, 1])])
        values.append(try test.one("Reshape", [try test.one("Neg", [flat]), test.ints([2, 3])]))
        expected.append(expected[a].map { -$0 })
      default:
        values.append(try test.one("Sub", [values[a], values[b]]))
        expected.append(zip(expected[a], expected[b]).map { $0 - $1 })
      }
    }
    let chosen = [values.count - 1, values.count / 2, 0]
    test.graph.outputs = chosen.map { values[$0] }
    let tensor = Tensor(expected[0], shape: [2, 3])
    for passes in [[], GraphPasses.standard] {
      let results = try test.run([tensor], passes: passes)
      for (result, index) in zip(results, chosen) {
        #expect(result.elements(as: Float.self) == expected[index], "seed \(seed)")
      }
    }
  }

  @Test func inPlaceChainsNeedOneBlock() throws {
    var test = TestGraph()
    var value = test.input("x", [1000])
    for _ in 0..<6 { value = try test.one("Neg", [value]) }
    test.graph.outputs = [try test.one("Neg", [value])]
    let core = NetworkCore(test.graph, limits: TestGraph.limits)
    let plan = try core.planned(for: [TensorFacts(.float32, [1000])]).plan
    #expect(plan.arenaBytes == 4032)
    #expect(plan.arenaBytes >= plan.arenaLowerBound)
  }

  /// Values that are joined along the first axis that counts are made where they belong; a value that
  /// is joined twice, a constant and an input are copied to the other places.
  @Test(arguments: [1, 2])
  func joinedValuesAreMadeInTheirPlace(batch: Int) throws {
    var test = TestGraph()
    let x = test.input("x", [batch, 16, 64])
    var features = [x]
    func joined() throws -> ValueID {
      features.count == 1 ? x : try test.one("Concat", features, ["axis": .int(1)])
    }
    // As in densely connected blocks: each layer reads all before it.
    for _ in 0..<4 {
      let sum = try test.one("ReduceSum", [try joined(), test.ints([1])], ["keepdims": .int(1)])
      features.append(try test.one("Expand", [sum, test.ints([batch, 16, 64])]))
    }
    let last = try test.one("Neg", [try joined()])
    test.graph.outputs = [try test.one("Concat", [last, last], ["axis": .int(2)])]
    var sums: [Float] = [1]
    for _ in 0..<4 { sums.append(16 * sums.reduce(0, +)) }
    let expected = (0..<batch).flatMap { _ in
      sums.flatMap { value in [Float](repeating: -value, count: 16 * 128) }
    }
    let core = NetworkCore(test.graph, limits: TestGraph.limits)
    let plan = try core.planned(for: [TensorFacts(.float32, [batch, 16, 64])]).plan
    #expect(plan.arenaBytes >= plan.arenaLowerBound)
    for _ in 0..<2 {
      let input = Tensor([Float](repeating: 1, count: batch * 16 * 64), shape: [batch, 16, 64])
      let result = try core.run([.tensor(input)])[0].tensor
      #expect(result?.elements(as: Float.self) == expected)
    }
  }

  /// Where fast kernels need too much, others that need less take their place.
  @Test func kernelsSpareMemoryUnderALimit() throws {
    var random = Generator(seed: 3)
    let (channels, side) = (256, 28)
    func numbers(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float(random.next() % 17) / 16 - 0.5 }
    }
    let kernel = Tensor(numbers(channels * channels * 9), shape: [channels, channels, 3, 3])
    // Each has weights of its own, which its own limit counts.
    func core(_ bytes: Int) throws -> NetworkCore {
      var test = TestGraph()
      let x = test.input("x", [1, channels, side, side])
      let between = try test.one(
        "Conv", [x, test.constant(kernel)], ["pads": .ints([1, 1, 1, 1])])
      test.graph.outputs = [try test.one("ReduceMean", [between])]
      return NetworkCore(test.graph, limits: MemoryLimits(bytes: bytes))
    }
    let facts = [TensorFacts(.float32, [1, channels, side, side])]
    let fast = try core(1 << 30).planned(for: facts).plan
    let value = 4 * channels * side * side
    try #require(fast.arenaBytes > value + (1 << 20))
    let weightBytes = 4 * channels * channels * 9
    let limited = try core(weightBytes + fast.arenaBytes - (1 << 18))
    #expect(try limited.planned(for: facts).plan.arenaBytes < value + (1 << 20))
    let input = Tensor(numbers(channels * side * side), shape: [1, channels, side, side])
    let results = try [try core(1 << 30), limited].map {
      try $0.run([.tensor(input)])[0].tensor?.elements(as: Float.self)[0] ?? .nan
    }
    #expect(abs(results[0] - results[1]) < 1e-4)
    #expect {
      _ = try core(weightBytes).run([.tensor(input)])
    } throws: { error in
      guard let error = error as? NetworkError, error.code == .memoryLimit else { return false }
      return error.message.contains("\(weightBytes)")
    }
  }

  @Test func theMemoryLimitIsKept() throws {
    var test = TestGraph()
    let x = test.input("x")
    let twice = try test.one("Concat", [x, x], ["axis": .int(0)])
    test.graph.outputs = [try test.one("ReduceSum", [twice])]
    let core = NetworkCore(test.graph, limits: MemoryLimits(bytes: 2000))
    let small = Tensor(zeros: [100])
    #expect(try core.run([.tensor(small)])[0].tensor?.elements(as: Float.self) == [0])
    #expect {
      _ = try core.run([.tensor(Tensor(zeros: [400]))])
    } throws: {
      ($0 as? NetworkError)?.code == .memoryLimit
    }
  }
}

/// A small random generator that gives the same numbers for the same seed.
struct Generator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_f491_4f6c_dd1d >> 11
  }
}
