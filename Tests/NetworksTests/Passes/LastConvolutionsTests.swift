// Tests of Networks: convolutions that nothing mixes afterwards are summed directly.

import Networks
import Tensors
import Testing

@Suite struct LastConvolutionsTests {
  /// Which of a network's convolutions are summed directly.
  private func direct(_ test: TestGraph) throws -> [Bool] {
    let graph = try LastConvolutions().apply(test.graph, limits: TestGraph.limits)
    return graph.nodes.compactMap { ($0.implementation as? ConvOperator)?.sumsDirectly }
  }

  private func convolution(_ test: inout TestGraph, _ x: ValueID) throws -> ValueID {
    var random = RandomTensors(seed: 63)
    return try test.one(
      "Conv", [x, test.constant(random([32, 32, 3, 3]))], ["pads": .ints([1, 1, 1, 1])])
  }

  @Test func theLastOneIs() throws {
    var test = TestGraph()
    let first = try convolution(&test, test.input("x"))
    let second = try convolution(&test, try test.one("Relu", [first]))
    let moved = try test.one("DepthToSpace", [second], ["blocksize": .int(4)])
    test.graph.outputs = [try test.one("Sigmoid", [moved])]
    #expect(try direct(test) == [false, true])
  }

  @Test func whatIsMixedOrNeededElsewhereIsNot() throws {
    var test = TestGraph()
    let first = try convolution(&test, test.input("x"))
    let second = try convolution(&test, first)
    let sum = try test.one("Add", [first, second])
    let third = try convolution(&test, sum)
    test.graph.outputs = [try test.one("GlobalAveragePool", [third]), sum]
    #expect(try direct(test) == [false, true, false])
  }

  /// Winograd's sums in one convolution alone are off by three times a direct one's error.
  @Test func errorsAreThoseOfDirectSums() throws {
    var random = RandomTensors(seed: 64)
    let (x, weights) = (random([1, 48, 30, 31]), random([48, 48, 3, 3]))
    let padding = Padding2D(1)
    func result(directly: Bool) throws -> [Float] {
      let axes = [0, 1].map { _ in WindowAxis(taps: 3, before: padding.top, after: padding.bottom) }
      return try Convolution(weights: weights, axes: axes, directly: directly)(x)
        .elements(as: Float.self)
    }
    var test = TestGraph()
    let input = test.input("x", [1, 48, 30, 31])
    test.graph.outputs = [
      try test.one("Conv", [input, test.constant(weights)], ["pads": .ints([1, 1, 1, 1])])
    ]
    let plain = try #require(test.run([x]).first).elements(as: Float.self)
    let last = try #require(test.run([x], passes: [LastConvolutions()]).first)
      .elements(as: Float.self)
    #expect(try last == result(directly: true))
    #expect(try plain == result(directly: false))
    #expect(last != plain)
  }
}
