// Tests of Networks: the search for an order of work that takes less memory.

import Networks
import TestSupport
import Tensors
import Testing

@Suite struct OrderSearchTests {
  private typealias Step = WorkOrder.Step

  private static func given(_ work: WorkOrder) -> Int { work.peak(Array(work.steps.indices)) }

  /// Steps that each read up to two values made before.
  private static func random(_ count: Int, _ random: inout SeededGenerator) -> WorkOrder {
    var steps: [Step] = []
    var bytes: [Int] = []
    for index in 0..<count {
      var reads = Set<Int>()
      for _ in 0..<Int.random(in: 0...2, using: &random) where index > 0 {
        reads.insert(
          Bool.random(using: &random) ? index - 1 : .random(in: 0..<index, using: &random))
      }
      bytes.append(64 * Int.random(in: 0...20, using: &random))
      steps.append(
        Step(
          reads: reads.sorted(), makes: [index],
          scratch: 64 * Int.random(in: 0...5, using: &random),
          gives: reads.sorted().filter { bytes[$0] == bytes[index] },
          isFixed: Int.random(in: 0..<6, using: &random) == 0))
    }
    return WorkOrder(steps, bytes: bytes)
  }

  /// The lowest peak of all orders.
  private static func best(_ work: WorkOrder) -> Int {
    var best = Int.max
    func extend(_ order: [Int]) {
      if order.count == work.steps.count, work.isPossible(order) {
        best = min(best, work.peak(order))
      }
      let fixed = work.steps.indices.filter { work.steps[$0].isFixed && !order.contains($0) }
      for step in work.steps.indices where !order.contains(step) {
        guard work.steps[step].reads.allSatisfy({ order.contains($0) }),
          !work.steps[step].isFixed || fixed.first == step
        else { continue }
        extend(order + [step])
      }
    }
    extend([])
    return best
  }

  /// Every order found is possible, keeps fixed steps in theirs, and takes less than the one given.
  @Test(arguments: 0..<60)
  func ordersFoundArePossibleAndLower(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let work = Self.random(3 + seed * 3, &random)
    guard let order = OrderSearch.better(work) else { return }
    #expect(work.isPossible(order), "seed \(seed)")
    #expect(work.peak(order) < Self.given(work), "seed \(seed)")
    #expect(work.peak(order) >= work.lowerBound, "seed \(seed)")
    let fixed = order.filter { work.steps[$0].isFixed }
    #expect(fixed == fixed.sorted(), "seed \(seed)")
    #expect(OrderSearch.better(work) == order, "seed \(seed)")
  }

  /// Nearly all small graphs get the best order there is, but for a 64th.
  @Test func smallGraphsGetTheBestOrder() {
    var random = SeededGenerator(seed: 5)
    var misses = 0
    for _ in 0..<60 {
      let work = Self.random(.random(in: 4...7, using: &random), &random)
      let found = OrderSearch.better(work).map(work.peak) ?? Self.given(work)
      if found - found / 32 > Self.best(work) { misses += 1 }
    }
    #expect(misses <= 1)
  }

  /// Heads that were computed level by level are computed one after another.
  @Test func headsAreComputedOneByOne() throws {
    var steps = [Step(reads: [], makes: [0])]
    var bytes = [1000]
    var last = [Int](repeating: 0, count: 10)
    for level in 0..<20 {
      for head in last.indices {
        bytes.append(level == 19 ? 10 : 1000)
        steps.append(Step(reads: [last[head]], makes: [bytes.count - 1], gives: [last[head]]))
        last[head] = bytes.count - 1
      }
    }
    steps.append(Step(reads: last, makes: []))
    let work = WorkOrder(steps, bytes: bytes)
    #expect(Self.given(work) == 10_000)
    #expect(work.peak(try #require(OrderSearch.better(work))) <= 2100)
  }

  /// What an exporter put first is done when it is needed.
  @Test func valuesAreMadeWhenTheyAreNeeded() throws {
    var steps = (0..<500).map { Step(reads: [], makes: [$0]) }
    var bytes = [Int](repeating: 100, count: 500)
    var sum = 0
    for other in 1..<500 {
      bytes.append(100)
      steps.append(Step(reads: [sum, other], makes: [bytes.count - 1], gives: [sum]))
      sum = bytes.count - 1
    }
    let work = WorkOrder(steps, bytes: bytes)
    #expect(work.peak(try #require(OrderSearch.better(work))) == 200)
  }

  /// A U-Net's own order is the only one: nothing is searched for.
  @Test func chainsKeepTheirOrder() {
    let work = WorkOrder(
      (0..<50).map { Step(reads: $0 == 0 ? [] : [$0 - 1], makes: [$0]) },
      bytes: [Int](repeating: 64, count: 50))
    #expect(OrderSearch.better(work) == nil)
  }

  /// Two branches, of which the file computes the large insides side by side: the plan does not, and
  /// gives the same bits.
  @Test func plansTakeTheBetterOrder() throws {
    var test = TestGraph()
    let x = test.input("x", [1, 64])
    let wide = try (0..<4).map { _ in
      try test.one("Expand", [x, test.ints([64, 64])])
    }
    let means = try wide.map { value in
      try test.one("ReduceMean", [try test.one("CumSum", [value, test.ints([1])])])
    }
    test.graph.outputs = [try test.one("Concat", means, ["axis": .int(0)])]
    let core = NetworkCore(test.graph, limits: TestGraph.limits)
    let plan = try core.planned(for: [TensorFacts(.float32, [1, 64])]).plan
    #expect(plan.arenaBytes < 3 * 64 * 64 * 4)
    let input = Tensor((0..<64).map(Float.init), shape: [1, 64])
    let result = try core.run([.tensor(input)])[0].tensor?.elements(as: Float.self)
    var sum = 0
    for index in 0..<64 { sum += index * (index + 1) / 2 }
    let mean = Float(sum) / 64
    #expect(result == [Float](repeating: mean, count: 4))
  }
}
