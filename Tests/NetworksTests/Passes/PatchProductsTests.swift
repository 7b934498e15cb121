// Tests of Networks: patches that tokens spread into, as products.

import Networks
import Tensors
import Testing

@Suite struct PatchProductsTests {
  private let passes: [any GraphPass] = [
    PatchProducts(), ProductFusion(), MovementFusion(), RowFusion(), DeadNodeRemoval(),
  ]

  struct Form: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var spatial: [Int]
    var kernel: [Int]
    var parts = 1
    var batch = 1
    var hasBias = true
    /// Whether the first plane of tokens is left out.
    var slices = false
  }

  static let forms = [
    Form(testDescription: "plane", spatial: [12, 13], kernel: [4, 3]),
    Form(
      testDescription: "volume, part of it", spatial: [3, 9, 8], kernel: [2, 4, 4], slices: true),
    Form(
      testDescription: "joined, two at once", spatial: [12, 11], kernel: [2, 2], parts: 2, batch: 2),
    Form(testDescription: "no bias", spatial: [150], kernel: [5], hasBias: false),
  ]

  @Test(arguments: forms)
  func patchesAreProductsOfRows(_ form: Form) throws {
    var random = RandomTensors(seed: 95)
    var test = TestGraph()
    let count = form.spatial.reduce(1, *)
    let width = 6
    let shape: Shape = [form.batch, count, width]
    var tokens: [ValueID] = []
    for index in 0..<form.parts { tokens.append(test.input("x\(index)", shape.dimensions)) }
    var y = tokens[0]
    if form.parts > 1 { y = try test.one("Concat", tokens, ["axis": .int(-1)]) }
    let channels = form.parts * width
    y = try test.one("Transpose", [y], ["perm": .ints([0, 2, 1])])
    y = try test.one("Reshape", [y, test.ints([form.batch, channels] + form.spatial)])
    if form.slices {
      y = try test.one("Slice", [y, test.ints([1]), test.ints([1 << 40]), test.ints([2])])
    }
    var inputs = [y, test.constant(random(Shape([channels, 5] + form.kernel)))]
    if form.hasBias { inputs.append(test.constant(random([5]))) }
    test.graph.outputs = [
      try test.one("ConvTranspose", inputs, ["strides": .ints(form.kernel)])
    ]
    let rest = try test.expectUnchanged(
      by: passes, (0..<form.parts).map { _ in random(shape) }, tolerance: 1e-5)
    #expect(rest.contains("MatMul") && !rest.contains("ConvTranspose") && !rest.contains("Concat"))
  }

  /// A convolution that applies an activation keeps it.
  @Test func activationsAreNotLost() throws {
    var random = RandomTensors(seed: 96)
    var test = TestGraph()
    let tokens = try test.one(
      "Transpose", [test.input("x", [1, 156, 6])], ["perm": .ints([0, 2, 1])])
    let image = try test.one("Reshape", [tokens, test.ints([1, 6, 12, 13])])
    let spread = try test.one(
      "ConvTranspose", [image, test.constant(random([6, 5, 4, 3]))], ["strides": .ints([4, 3])])
    test.graph.outputs = [try test.one("Relu", [spread])]
    try test.expectUnchanged(
      by: [ConvolutionFusion()] + passes, [random([1, 156, 6])], tolerance: 1e-5)
  }

  /// Windows that overlap or leave gaps, padding, channels that lie apart.
  @Test(arguments: ["overlap", "gap", "pads", "planes"])
  func othersStay(kind: String) throws {
    var random = RandomTensors(seed: 96)
    var test = TestGraph()
    let isPlanes = kind == "planes"
    let shape: Shape = isPlanes ? [1, 6, 12, 12] : [1, 144, 6]
    var y = test.input("x", shape.dimensions)
    if !isPlanes {
      y = try test.one("Transpose", [y], ["perm": .ints([0, 2, 1])])
      y = try test.one("Reshape", [y, test.ints([1, 6, 12, 12])])
    }
    let step = kind == "overlap" ? 2 : kind == "gap" ? 4 : 3
    test.graph.outputs = [
      try test.one(
        "ConvTranspose", [y, test.constant(random([6, 5, 3, 3]))],
        [
          "strides": .ints([step, step]),
          "pads": .ints(kind == "pads" ? [1, 1, 1, 1] : [0, 0, 0, 0]),
        ])
    ]
    let rest = try test.expectUnchanged(by: passes, [random(shape)], tolerance: 1e-5)
    #expect(rest.contains("ConvTranspose"))
  }
}
