// Tests of Networks: convolutions that single positions follow are computed together.

import Networks
import Tensors
import Testing

@Suite struct ConvolutionChainingTests {
  private let passes: [any GraphPass] = [ConvolutionFusion(), ConvolutionChaining()]

  private func convolution(
    _ test: inout TestGraph, _ x: ValueID, _ random: inout RandomTensors, _ weights: Shape,
    groups: Int = 1
  ) throws -> ValueID {
    let pad = weights[2] / 2
    return try test.one(
      "Conv", [x, test.constant(random(weights)), test.constant(random([weights[0]]))],
      ["pads": .ints([pad, pad, pad, pad]), "group": .int(groups)])
  }

  @Test(arguments: [true, false], [true, false])
  func separableConvolutionsAreOne(depthwise: Bool, addsResidual: Bool) throws {
    var random = RandomTensors(seed: 61)
    var test = TestGraph()
    let (x, added) = (test.input("x"), test.input("added"))
    let first = try convolution(
      &test, x, &random, depthwise ? [32, 1, 3, 3] : [32, 32, 1, 1], groups: depthwise ? 32 : 1)
    let active = try test.one("Relu", [first])
    var result = try convolution(&test, active, &random, [6, 32, 1, 1])
    if addsResidual { result = try test.one("Add", [result, added]) }
    test.graph.outputs = [try test.one("LeakyRelu", [result])]
    let rest = try test.expectUnchanged(
      by: passes, [random([2, 32, 90, 121]), random([2, 6, 90, 121])], tolerance: 1e-5)
    #expect(rest.nodes.map(\.opType) == ["Conv"])
    #expect(rest.nodes.first?.implementation is FusedConvolutions)
  }

  /// Faces of a globe, say: each image is small, all together do not stay in the cache.
  @Test func manySmallImagesAreOne() throws {
    var random = RandomTensors(seed: 63)
    var test = TestGraph()
    let first = try convolution(&test, test.input("x"), &random, [64, 8, 1, 1])
    test.graph.outputs = [
      try convolution(&test, test.one("Relu", [first]), &random, [8, 64, 1, 1])
    ]
    let rest = try test.expectUnchanged(by: passes, [random([12, 8, 20, 30])], tolerance: 1e-5)
    #expect(rest.nodes.map(\.implementation).allSatisfy { $0 is FusedConvolutions })
  }

  /// What is between is small, is needed elsewhere, or is no single position's.
  @Test(arguments: ["small", "shared", "window", "grouped"])
  func othersStay(reason: String) throws {
    var random = RandomTensors(seed: 62)
    var test = TestGraph()
    let first = try convolution(&test, test.input("x"), &random, [32, 1, 3, 3], groups: 32)
    let weights: Shape =
      reason == "window" ? [4, 32, 3, 3] : reason == "grouped" ? [4, 16, 1, 1] : [4, 32, 1, 1]
    let second = try convolution(
      &test, first, &random, weights, groups: reason == "grouped" ? 2 : 1)
    test.graph.outputs = reason == "shared" ? [second, first] : [second]
    let side = reason == "small" ? 20 : 120
    let rest = try test.expectUnchanged(by: passes, [random([1, 32, side, side])], tolerance: 1e-5)
    #expect(rest.nodes.count == 2)
  }
}
