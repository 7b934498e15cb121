// Tests of Networks: random operators: the same numbers for the same seed, and the right moments.

import Networks
import ONNXFormat
import Tensors
import Testing

@Suite struct RandomTests {
  private static func values(
    _ opType: String, _ attributes: [String: AttributeValue], inputs: [Tensor] = []
  ) throws -> [Double] {
    try evaluate(opType, inputs, attributes)[0].numericElements()
  }

  private static func moments(_ values: [Double]) -> (mean: Double, variance: Double, skew: Double)
  {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let third = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) } / count
    return (mean, variance, third / (variance * variance.squareRoot()))
  }

  @Test(arguments: [Float(0), 1, 2.5, -7])
  func normalNumbersHaveTheirMoments(seed: Float) throws {
    let values = try Self.values(
      "RandomNormal",
      [
        "shape": .ints([40_000]), "mean": .float(3), "scale": .float(2), "seed": .float(seed),
        "dtype": .int(11),
      ])
    let (mean, variance, skew) = Self.moments(values)
    // Five standard errors of 40 000 samples.
    #expect(abs(mean - 3) < 0.05)
    #expect(abs(variance - 4) < 0.15)
    #expect(abs(skew) < 0.07)
    let beyond = values.count { abs($0 - 3) > 4 }
    #expect(abs(Double(beyond) / 40_000 - 0.0455) < 0.006)
  }

  @Test(arguments: [Float(0), 1, 12_345])
  func uniformNumbersHaveTheirMoments(seed: Float) throws {
    let values = try Self.values(
      "RandomUniform",
      ["shape": .ints([200, 200]), "low": .float(-1), "high": .float(5), "seed": .float(seed)])
    let (mean, variance, skew) = Self.moments(values)
    #expect(values.allSatisfy { $0 >= -1 && $0 < 5 })
    #expect(abs(mean - 2) < 0.05)
    #expect(abs(variance - 3) < 0.1)
    #expect(abs(skew) < 0.07)
    let neighbours = zip(values, values.dropFirst()).reduce(0) { $0 + ($1.0 - 2) * ($1.1 - 2) }
    #expect(abs(neighbours / Double(values.count) / 3) < 0.03, "neighbours are correlated")
  }

  @Test func sameSeedSameNumbersOtherSeedOtherNumbers() throws {
    func draw(_ seed: Float?) throws -> [Double] {
      var attributes: [String: AttributeValue] = ["shape": .ints([64])]
      if let seed { attributes["seed"] = .float(seed) }
      return try Self.values("RandomNormal", attributes)
    }
    #expect(try draw(4) == draw(4))
    #expect(try draw(4) != draw(5))
    #expect(try draw(nil) == draw(nil), "without a seed the node's name is one")
    #expect(try draw(nil) != draw(4))
  }

  @Test func nodesWithoutSeedsDiffer() throws {
    var graph = TestGraph()
    let first = try graph.one("RandomUniform", [], ["shape": .ints([16])])
    let second = try graph.one("RandomUniform", [], ["shape": .ints([16])])
    graph.graph.outputs = [first, second]
    let results = try graph.run([])
    #expect(results[0].elements(as: Float.self) != results[1].elements(as: Float.self))
  }

  @Test func networksRepeatThemselves() throws {
    var model = TestModel()
    model.output("y", ["8"])
    model.node("RandomNormal", [], ["y"], name: "noise", ints: ["shape": [8]])
    let network = try model.network()
    #expect(!network.isDeterministic)
    let first = try network.run([String: Tensor]())["y"]?.elements(as: Float.self)
    #expect(first != nil)
    #expect(try network.run([String: Tensor]())["y"]?.elements(as: Float.self) == first)
  }

  @Test func bernoulliKeepsItsProbability() throws {
    let probabilities = Tensor([Float](repeating: 0.3, count: 40_000), shape: [40_000])
    let values = try Self.values("Bernoulli", ["seed": .float(9)], inputs: [probabilities])
    #expect(values.allSatisfy { $0 == 0 || $0 == 1 })
    #expect(abs(values.reduce(0, +) / 40_000 - 0.3) < 0.012)
    let edges = Tensor([Float(0), 1, 0, 1], shape: [4])
    #expect(try Self.values("Bernoulli", [:], inputs: [edges]) == [0, 1, 0, 1])
  }

  @Test func multinomialDrawsByWeight() throws {
    let weights: [Float] = [1, 2, 5]
    let logarithms = Tensor(
      weights.map { Float.log($0) + 3 } + [-Float.infinity, 0, -Float.infinity], shape: [2, 3])
    let drawn = try evaluate(
      "Multinomial", [logarithms], ["sample_size": .int(20_000), "seed": .float(1)])[0]
    #expect(drawn.elementType == .int32)
    #expect(drawn.shape == [2, 20_000])
    let values = drawn.elements(as: Int32.self)
    for (index, weight) in weights.enumerated() {
      let share = Double(values[..<20_000].count { $0 == Int32(index) }) / 20_000
      #expect(abs(share - Double(weight) / 8) < 0.02)
    }
    #expect(values[20_000...].allSatisfy { $0 == 1 })
  }

  @Test func dropoutInTrainingKeepsTheMean() throws {
    let input = Tensor([Float](repeating: 2, count: 40_000), shape: [40_000])
    let results = try evaluate(
      "Dropout", [input, Tensor(Float(0.25)), Tensor(true)], ["seed": .int(3)], outputs: 2)
    let values = results[0].elements(as: Float.self)
    let mask = results[1].elements(as: Bool.self)
    #expect(zip(values, mask).allSatisfy { $0 == ($1 ? 2 / 0.75 : 0) })
    #expect(abs(Double(mask.count { !$0 }) / 40_000 - 0.25) < 0.012)
  }

  @Test func dropoutOutsideTrainingPassesOn() throws {
    let input = Tensor([Float(1), 2, 3], shape: [3])
    let results = try evaluate(
      "Dropout", [input, Tensor(Float(0.9)), Tensor(false)], outputs: 2, constants: [1, 2])
    #expect(results[0].elements(as: Float.self) == [1, 2, 3])
    #expect(results[1].elements(as: Bool.self) == [true, true, true])
    let old = try evaluate("Dropout", [input], ["ratio": .float(0.9)], outputs: 2, opset: 7)
    #expect(old[1].elements(as: Float.self) == [1, 1, 1])
    #expect(throws: (any Error).self) {
      try evaluate("Dropout", [input, Tensor(Float(1)), Tensor(true)])
    }
  }
}
