// Tests of Networks: 1 × 1 convolutions take in what is done to their image's channels.

import Networks
import Tensors
import Testing

@Suite struct ConvolutionPreparationTests {
  private let passes: [any GraphPass] = [ConvolutionFusion(), ConvolutionPreparation()]

  /// Images for every way in which 1 × 1 convolutions are computed: one block, several that share
  /// panels, few positions, many.
  static let sizes = [[40, 14, 14], [160, 28, 27], [24, 7, 7], [16, 90, 61], [33, 1, 40]]

  private func pointwise(
    _ test: inout TestGraph, _ x: ValueID, _ random: inout RandomTensors, _ channels: Int,
    outputs: Int = 130, groups: Int = 1
  ) throws -> ValueID {
    try test.one(
      "Conv",
      [
        x, test.constant(random([outputs, channels / groups, 1, 1])),
        test.constant(random([outputs])),
      ],
      ["group": .int(groups)])
  }

  private func normalization(
    _ test: inout TestGraph, _ x: ValueID, _ random: inout RandomTensors, _ channels: Int
  ) throws -> ValueID {
    var numbers: [ValueID] = []
    for index in 0..<4 {
      numbers.append(test.constant(random([channels], in: index == 3 ? 0.5...2 : -1...1)))
    }
    return try test.one("BatchNormalization", [x] + numbers)
  }

  @Test(arguments: sizes, ["Relu", "Sigmoid", ""])
  func normalisationsAndActivationsAreOne(size: [Int], activation: String) throws {
    var random = RandomTensors(seed: 81)
    var test = TestGraph()
    let x = test.input("x")
    var value = try normalization(&test, x, &random, size[0])
    if !activation.isEmpty { value = try test.one(activation, [value]) }
    let result = try pointwise(&test, value, &random, size[0])
    test.graph.outputs = [try test.one("Relu", [result])]
    let rest = try test.expectUnchanged(
      by: passes, [random(Shape([2] + size))], tolerance: 1e-5)
    #expect(rest.nodes.map(\.opType) == ["Conv"])
    #expect(rest.nodes.first?.implementation is PreparedConvolution)
  }

  /// Each image has a gate of its own, or all have one.
  @Test(arguments: sizes, [1, 3])
  func gatesAreOne(size: [Int], gates: Int) throws {
    var random = RandomTensors(seed: 82)
    var test = TestGraph()
    let (x, gate, added) = (test.input("x"), test.input("gate"), test.input("added"))
    let gated = try test.one("Mul", [gate, x])
    let result = try pointwise(&test, gated, &random, size[0])
    test.graph.outputs = [try test.one("Add", [result, added])]
    let rest = try test.expectUnchanged(
      by: passes,
      [
        random(Shape([3] + size)), random([gates, size[0], 1, 1]),
        random([3, 130, size[1], size[2]]),
      ], tolerance: 1e-5)
    #expect(rest.nodes.map(\.opType) == ["Conv"])
  }

  @Test(arguments: [1, 2, 4])
  func scalesAndShiftsAreOne(groups: Int) throws {
    var random = RandomTensors(seed: 83)
    var test = TestGraph()
    let scaled = try test.one("Mul", [test.input("x"), test.constant(random([32, 1, 1]))])
    let shifted = try test.one("Add", [test.constant(random([1, 32, 1, 1])), scaled])
    let active = try test.one("LeakyRelu", [shifted], ["alpha": .float(0.2)])
    test.graph.outputs = [
      try pointwise(&test, active, &random, 32, outputs: 64, groups: groups)
    ]
    let rest = try test.expectUnchanged(by: passes, [random([2, 32, 12, 30])], tolerance: 1e-5)
    #expect(rest.nodes.map(\.opType) == ["Conv"])
  }

  /// What is between is needed elsewhere, is not by channel, or the window is wider.
  @Test(arguments: ["shared", "by column", "window", "stride"])
  func othersStay(reason: String) throws {
    var random = RandomTensors(seed: 84)
    var test = TestGraph()
    let shape: Shape = reason == "by column" ? [1, 1, 1, 20] : [1, 16, 1, 1]
    let scaled = try test.one("Mul", [test.input("x"), test.constant(random(shape))])
    let side = reason == "window" ? 3 : 1
    let stride = reason == "stride" ? 2 : 1
    let result = try test.one(
      "Conv", [scaled, test.constant(random([8, 16, side, side]))],
      ["strides": .ints([stride, stride])])
    test.graph.outputs = reason == "shared" ? [result, scaled] : [result]
    let rest = try test.expectUnchanged(by: passes, [random([1, 16, 20, 20])], tolerance: 1e-5)
    #expect(rest.nodes.map(\.opType) == ["Mul", "Conv"])
  }
}
