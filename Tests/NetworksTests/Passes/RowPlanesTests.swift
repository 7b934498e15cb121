// Tests of Networks: rows that lie in planes before and afterwards.

import Networks
import Tensors
import Testing

@Suite struct RowPlanesTests {
  private let passes: [any GraphPass] = [
    NormalizationFusion(), ActivationFusion(), ConvolutionFusion(), ProductFusion(),
    SelectionFusion(), MovementFusion(), RowFusion(), DeadNodeRemoval(),
  ]

  private func graph() -> TestGraph {
    var test = TestGraph()
    test.opset = 20
    return test
  }

  /// Layer normalisation and an MLP of pixels between transpositions, scaled and added.
  @Test(arguments: [3, 16, 40], [false, true])
  func pixelsBetweenTranspositionsAreOneNode(channels: Int, scalesRows: Bool) throws {
    var random = RandomTensors(seed: 81)
    var test = graph()
    let x = test.input("x")
    func random2(_ a: Int, _ b: Int) -> ValueID { test.constant(random([a, b])) }
    var y = try test.one("Transpose", [x], ["perm": .ints([0, 2, 3, 1])])
    y = try test.one(
      "LayerNormalization",
      [y, test.constant(random([channels])), test.constant(random([channels]))])
    y = try test.one("MatMul", [y, random2(channels, 2 * channels)])
    y = try test.one("Gelu", [try test.one("Add", [y, test.constant(random([2 * channels]))])])
    y = try test.one("MatMul", [y, random2(2 * channels, channels)])
    if scalesRows { y = try test.one("Mul", [test.constant(random([channels])), y]) }
    y = try test.one("Transpose", [y], ["perm": .ints([0, 3, 1, 2])])
    if !scalesRows { y = try test.one("Mul", [test.constant(random([channels, 1, 1])), y]) }
    test.graph.outputs = [try test.one("Add", [x, y])]
    for shape in [[2, channels, 13, 29], [1, channels, 40, 16]] as [Shape] {
      let rest = try test.expectUnchanged(by: passes, [random(shape)], tolerance: 1e-5)
      #expect(rest.nodes.map(\.opType) == ["MatMul"])
    }
  }

  /// A normalisation over channels from its arithmetic, before 1 × 1 convolutions with their sum.
  @Test(arguments: [false, true], [false, true])
  func channelsAreNormalised(centers: Bool, convolves: Bool) throws {
    var random = RandomTensors(seed: 82)
    var test = graph()
    let x = test.input("x")
    var d = x
    if centers { d = try test.one("Sub", [x, try test.one("ReduceMean", [x, test.ints([1])])]) }
    let square = try test.one("Pow", [d, test.constant(Tensor(Float(2)))])
    let variance = try test.one("ReduceMean", [square, test.ints([1])])
    let root = try test.one(
      "Sqrt", [try test.one("Add", [variance, test.constant(Tensor(Float(1e-6)))])])
    var y = try test.one("Div", [d, root])
    y = try test.one("Mul", [test.constant(random([12, 1, 1])), y])
    y = try test.one("Add", [y, test.constant(random([12, 1, 1]))])
    if convolves {
      let inner = test.constant(random([30, 12, 1, 1]))
      y = try test.one("Gelu", [try test.one("Conv", [y, inner, test.constant(random([30]))])])
      y = try test.one("Conv", [y, test.constant(random([12, 30, 1, 1]))])
      y = try test.one("Add", [x, y])
    }
    test.graph.outputs = [y]
    let rest = try test.expectUnchanged(
      by: passes, [random([2, 12, 11, 17], in: -3...5)], tolerance: 1e-5)
    #expect(rest.nodes.map(\.opType) == [convolves ? "MatMul" : "LayerNormalization"])
  }

  /// What is used elsewhere stays, and so do rows that go to planes of another kind.
  @Test func whatOthersUseStays() throws {
    var random = RandomTensors(seed: 83)
    var test = graph()
    let x = test.input("x")
    let rows = try test.one("Transpose", [x], ["perm": .ints([0, 2, 3, 1])])
    let y = try test.one("MatMul", [rows, test.constant(random([8, 8]))])
    let planes = try test.one("Transpose", [y], ["perm": .ints([0, 3, 1, 2])])
    let turned = try test.one("Transpose", [y], ["perm": .ints([0, 3, 2, 1])])
    test.graph.outputs = [try test.one("Add", [planes, x]), planes, turned, y]
    try test.expectUnchanged(by: passes, [random([2, 8, 16, 16])], tolerance: 1e-5)
  }

  /// A projection whose result is turned, without planes before it, and the other way round.
  @Test(arguments: [false, true])
  func oneSideIsEnough(before: Bool) throws {
    var random = RandomTensors(seed: 84)
    var test = graph()
    var y = test.input("x")
    if before { y = try test.one("Transpose", [y], ["perm": .ints([0, 2, 1])]) }
    y = try test.one("LayerNormalization", [y, test.constant(random([20]))])
    y = try test.one("MatMul", [y, test.constant(random([20, 33]))])
    y = try test.one("Sigmoid", [y])
    if !before { y = try test.one("Transpose", [y], ["perm": .ints([0, 2, 1])]) }
    test.graph.outputs = [y]
    let shape: Shape = before ? [3, 20, 150] : [3, 150, 20]
    let rest = try test.expectUnchanged(by: passes, [random(shape)], tolerance: 1e-5)
    #expect(rest.nodes.map(\.opType) == ["MatMul"])
  }
}
