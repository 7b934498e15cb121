// Tests of Networks: 1 × 1 convolutions go before what enlarges their image.

import Networks
import Tensors
import Testing

@Suite struct LateEnlargementTests {
  private let passes: [any GraphPass] = [
    ConvolutionFusion(), LateEnlargement(), ConvolutionFusion(),
  ]

  private func resized(
    _ test: inout TestGraph, _ x: ValueID, to lengths: [Int]? = nil, mode: String = "nearest",
    attributes: [String: AttributeValue] = [:]
  ) throws -> ValueID {
    let none = test.constant(Tensor([Float](), shape: [0]))
    let scales = lengths == nil ? test.constant(Tensor([1, 1, 2, 2] as [Float], shape: [4])) : none
    let inputs = [x, nil, scales] + (lengths.map { [test.ints($0)] } ?? [])
    return try test.one("Resize", inputs, attributes.merging(["mode": .string(mode)]) { $1 })
  }

  private func pointwise(
    _ test: inout TestGraph, _ x: ValueID, _ random: inout RandomTensors, outputs: Int = 6,
    side: Int = 1
  ) throws -> ValueID {
    try test.one(
      "Conv",
      [x, test.constant(random([outputs, 8, side, side])), test.constant(random([outputs]))])
  }

  /// By scales and by lengths of all axes, which name the channels; the bias is no part of a mean.
  @Test(arguments: ["nearest", "linear"], [nil, [2, 8, 17, 20]])
  func convolutionsGoFirst(mode: String, lengths: [Int]?) throws {
    var random = RandomTensors(seed: 111)
    var test = TestGraph()
    let large = try resized(&test, test.input("x"), to: lengths, mode: mode)
    test.graph.outputs = [try pointwise(&test, large, &random)]
    let rest = try test.expectUnchanged(by: passes, [random([2, 8, 7, 9])], tolerance: 5e-6)
    #expect(rest.nodes.map(\.opType) == ["Conv", "Resize"])
  }

  /// A copy of an activated element is an activated copy; a mean is not.
  @Test(arguments: ["nearest", "linear"])
  func activationsFollowMeans(mode: String) throws {
    var random = RandomTensors(seed: 112)
    var test = TestGraph()
    let large = try resized(&test, test.input("x"), mode: mode)
    test.graph.outputs = [try test.one("Relu", [try pointwise(&test, large, &random)])]
    let rest = try test.expectUnchanged(by: passes, [random([1, 8, 7, 9])], tolerance: 5e-6)
    let isFirst = mode == "nearest"
    #expect(rest.nodes.map(\.opType) == (isFirst ? ["Conv", "Resize"] : ["Resize", "Conv"]))
  }

  /// A generator's block, whose shortcut is enlarged: the other convolution takes in the sum.
  @Test func shortcutsAreEnlargedLast() throws {
    var random = RandomTensors(seed: 113)
    var test = TestGraph()
    let x = test.input("x")
    let large = try resized(&test, x, mode: "linear")
    let main = try test.one(
      "Conv",
      [
        try test.one("Tanh", [large]), test.constant(random([6, 8, 3, 3])),
        test.constant(random([6])),
      ], ["pads": .ints([1, 1, 1, 1])])
    let short = try pointwise(&test, try resized(&test, x, mode: "linear"), &random)
    test.graph.outputs = [try test.one("Add", [main, short])]
    let rest = try test.expectUnchanged(by: passes, [random([1, 8, 7, 9])], tolerance: 5e-6)
    #expect(rest.nodes.map(\.opType) == ["Resize", "Tanh", "Conv", "Resize", "Conv"])
  }

  /// Another user, a wider window, a smaller image, many more channels, weights that do not sum up to
  /// one, or lengths between channels.
  @Test(arguments: ["shared", "window", "smaller", "channels", "crop"])
  func othersStay(reason: String) throws {
    var random = RandomTensors(seed: 114)
    var test = TestGraph()
    let crop: [String: AttributeValue] =
      reason == "crop" ? ["coordinate_transformation_mode": .string("tf_crop_and_resize")] : [:]
    let x = test.input("x")
    let inputs =
      reason == "crop"
      ? [
        x, test.constant(Tensor([0, 0, 0, 0, 1, 1, 2, 2] as [Float], shape: [8])),
        test.constant(Tensor([1, 1, 2, 2] as [Float], shape: [4])),
      ] : []
    let large =
      reason == "crop"
      ? try test.one("Resize", inputs, crop.merging(["mode": .string("linear")]) { $1 })
      : try resized(&test, x, to: reason == "smaller" ? [1, 8, 4, 5] : nil)
    let result = try pointwise(
      &test, large, &random, outputs: reason == "channels" ? 9 : 6,
      side: reason == "window" ? 3 : 1)
    test.graph.outputs = reason == "shared" ? [result, large] : [result]
    let rest = try test.expectUnchanged(by: passes, [random([1, 8, 7, 9])], tolerance: 5e-6)
    #expect(rest.nodes.map(\.opType) == ["Resize", "Conv"])
  }
}
