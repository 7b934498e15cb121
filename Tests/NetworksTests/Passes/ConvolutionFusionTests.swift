// Tests of Networks: convolutions take in what precedes and follows them.

import Networks
import Tensors
import Testing

@Suite struct ConvolutionFusionTests {
  private let pass = ConvolutionFusion()

  private func convolution(
    _ test: inout TestGraph, _ x: ValueID, _ random: inout RandomTensors, outputs: Int = 5
  ) throws -> ValueID {
    try test.one(
      "Conv",
      [x, test.constant(random([outputs, 3, 3, 3])), test.constant(random([outputs]))],
      ["pads": .ints([1, 1, 1, 1])])
  }

  @Test(arguments: ["Mul", "Add", "Sub", "Div"], [[5, 1, 1], [1, 5, 1, 1], [1], []])
  func numbersByChannelAreFolded(opType: String, shape: [Int]) throws {
    var random = RandomTensors(seed: 20)
    var test = TestGraph()
    let convolved = try convolution(&test, test.input("x"), &random)
    let values = test.constant(random(try Shape(checking: shape), in: 0.5...2))
    test.graph.outputs = [try test.one(opType, [convolved, values])]
    let rest = try test.expectUnchanged(by: [pass], [random([2, 3, 9, 11])], tolerance: 5e-6)
    #expect(rest.nodes.map(\.opType) == ["Conv"])
  }

  /// By column, by image, with a dimension more: no numbers by channel.
  @Test(arguments: [[5], [2, 1, 1, 1], [1, 1, 5, 1, 1], [5, 5, 1]])
  func otherNumbersStay(shape: [Int]) throws {
    var random = RandomTensors(seed: 21)
    var test = TestGraph()
    let convolved = try convolution(&test, test.input("x"), &random)
    let values = test.constant(random(try Shape(checking: shape)))
    test.graph.outputs = [try test.one("Mul", [convolved, values])]
    let rest = try test.expectUnchanged(by: [pass], [random([2, 3, 5, 5])])
    #expect(rest.nodes.map(\.opType) == ["Conv", "Mul"])
  }

  @Test func sumsAndActivationsAreTakenIn() throws {
    var random = RandomTensors(seed: 22)
    var test = TestGraph()
    let x = test.input("x")
    let first = try convolution(&test, x, &random)
    let second = try convolution(&test, x, &random)
    let sum = try test.one("Add", [first, second])
    test.graph.outputs = [try test.one("Relu", [sum])]
    let rest = try test.expectUnchanged(by: [pass], [random([2, 3, 9, 11])], tolerance: 5e-6)
    #expect(rest.nodes.map(\.opType) == ["Conv", "Conv"])
  }

  @Test(arguments: ["Relu", "LeakyRelu", "Tanh"], [2, 3])
  func transposedConvolutionsApplyActivations(activation: String, kernel: Int) throws {
    var random = RandomTensors(seed: 25)
    var test = TestGraph()
    let spread = try test.one(
      "ConvTranspose",
      [
        test.input("x", [2, 3, 9, 11]), test.constant(random([3, 4, kernel, kernel])),
        test.constant(random([4])),
      ], ["strides": .ints([2, 2])])
    test.graph.outputs = [try test.one(activation, [spread])]
    let rest = try test.expectUnchanged(by: [pass], [random([2, 3, 9, 11])], tolerance: 5e-6)
    #expect(rest.nodes.map(\.opType) == ["ConvTranspose"])
  }

  @Test func resultsThatOthersNeedStay() throws {
    var random = RandomTensors(seed: 23)
    var test = TestGraph()
    let x = test.input("x")
    let convolved = try convolution(&test, x, &random, outputs: 3)
    let sum = try test.one("Add", [convolved, x])
    test.graph.outputs = [try test.one("Relu", [sum]), convolved, try test.one("Neg", [sum])]
    let rest = try test.expectUnchanged(by: [pass], [random([2, 3, 9, 11])])
    #expect(rest.nodes.map(\.opType) == ["Conv", "Add", "Relu", "Neg"])
  }

  @Test(arguments: [1, 2])
  func transposedConvolutionsTakeInNormalization(groups: Int) throws {
    var random = RandomTensors(seed: 24)
    var test = TestGraph()
    let spread = try test.one(
      "ConvTranspose", [test.input("x"), test.constant(random([4, 3, 2, 2]))],
      ["strides": .ints([2, 2]), "group": .int(groups)])
    let count = 3 * groups
    let statistics = [
      test.constant(random([count])), test.constant(random([count])),
      test.constant(random([count])), test.constant(random([count], in: 0.5...2)),
    ]
    test.graph.outputs = [try test.one("BatchNormalization", [spread] + statistics)]
    let rest = try test.expectUnchanged(by: [pass], [random([2, 4, 5, 6])], tolerance: 5e-6)
    #expect(rest.nodes.map(\.opType) == ["ConvTranspose"])
  }

  @Test(arguments: ["constant", "reflect"], [Float(0), 1])
  func zerosAroundTheInputBecomePadding(mode: String, value: Float) throws {
    var random = RandomTensors(seed: 25)
    var test = TestGraph()
    let x = test.input("x")
    let padded = try test.one(
      "Pad",
      [x, test.ints([0, 0, 1, 2, 0, 0, 0, 1]), test.constant(Tensor(value))],
      ["mode": .string(mode)])
    test.graph.outputs = [try convolution(&test, padded, &random)]
    let rest = try test.expectUnchanged(by: [pass], [random([2, 3, 9, 11])])
    #expect(rest.contains("Pad") == (mode != "constant" || value != 0))
  }

  /// One spatial dimension, and three, which no kernel with a sum covers.
  @Test(arguments: [[3, 3], [5, 3, 3, 3, 3]])
  func otherDimensionsAreRight(shape: [Int]) throws {
    var random = RandomTensors(seed: 26)
    var test = TestGraph()
    let (x, y) = (test.input("x"), test.input("y"))
    let weights = [5, 3] + shape.suffix(shape.count == 2 ? 1 : 3)
    let convolved = try test.one(
      "Conv", [x, test.constant(random(try Shape(checking: weights)))])
    let scale = [5] + [Int](repeating: 1, count: weights.count - 2)
    let scaled = try test.one(
      "Mul", [convolved, test.constant(random(try Shape(checking: scale)))])
    test.graph.outputs = [try test.one("Relu", [try test.one("Add", [y, scaled])])]
    let lengths = [Int](repeating: 5, count: weights.count - 2)
    let made = [Int](repeating: 3, count: weights.count - 2)
    let rest = try test.expectUnchanged(
      by: [pass],
      [
        random(try Shape(checking: [2, 3] + lengths)), random(try Shape(checking: [2, 5] + made)),
      ],
      tolerance: 5e-6)
    #expect(!rest.contains("Mul"))
  }
}
