// Tests of Networks: normalisations from their arithmetic, in every spelling.

import Networks
import Tensors
import Testing

@Suite struct NormalizationFusionTests {
  enum Root: CaseIterable { case division, reciprocal, quotient, power }
  enum Square: CaseIterable { case power, product }

  private func normal(
    _ test: inout TestGraph, _ x: ValueID, centered: Bool, _ root: Root, _ square: Square,
    axes: [Int]
  ) throws -> ValueID {
    var d = x
    if centered {
      d = try test.one("Sub", [x, try test.one("ReduceMean", [x, test.ints(axes)])])
    }
    let squared =
      square == .power
      ? try test.one("Pow", [d, test.constant(Tensor(Float(2)))]) : try test.one("Mul", [d, d])
    let variance = try test.one("ReduceMean", [squared, test.ints(axes)])
    let sum = try test.one("Add", [variance, test.constant(Tensor(Float(1e-5)))])
    if root == .power {
      return try test.one(
        "Mul", [d, try test.one("Pow", [sum, test.constant(Tensor(Float(-0.5)))])])
    }
    let rooted = try test.one("Sqrt", [sum])
    switch root {
    case .division: return try test.one("Div", [d, rooted])
    case .reciprocal: return try test.one("Mul", [try test.one("Reciprocal", [rooted]), d])
    default:
      let one = test.constant(Tensor(Float(1)))
      return try test.one("Mul", [d, try test.one("Div", [one, rooted])])
    }
  }

  private func graph(_ opset: Int = 18) -> TestGraph {
    var test = TestGraph()
    test.opset = opset
    return test
  }

  @Test(arguments: Root.allCases, Square.allCases)
  func everySpellingIsOneNode(root: Root, square: Square) throws {
    for centered in [true, false] {
      var random = RandomTensors(seed: 3)
      var test = graph()
      let x = test.input("x")
      let core = try normal(&test, x, centered: centered, root, square, axes: [-1])
      let scaled = try test.one("Mul", [test.constant(random([8])), core])
      let shift = test.constant(random([8]))
      test.graph.outputs = [try test.one("Add", [scaled, shift])]
      let rest = try test.expectUnchanged(by: [NormalizationFusion()], [random([2, 5, 8])])
      #expect(
        rest.nodes.map(\.opType)
          == (centered ? ["LayerNormalization"] : ["RMSNormalization", "Add"]))
    }
  }

  @Test func severalTrailingAxesAndInnerUsersAreRight() throws {
    var random = RandomTensors(seed: 4)
    var test = graph()
    let x = test.input("x")
    let core = try normal(&test, x, centered: true, .division, .power, axes: [1, 2])
    // The unscaled values are wanted too, and the scale is a row of the last dimension only.
    test.graph.outputs = [try test.one("Mul", [core, test.constant(random([8]))]), core]
    let rest = try test.expectUnchanged(by: [NormalizationFusion()], [random([2, 5, 8])])
    #expect(rest.nodes.map(\.opType) == ["LayerNormalization", "Mul"])
  }

  /// The first axis, a scale with a dimension of its own, a scale that varies by row.
  @Test func whatIsNoLayerNormalizationStays() throws {
    var random = RandomTensors(seed: 5)
    var test = graph()
    let x = test.input("x")
    let front = try normal(&test, x, centered: true, .division, .power, axes: [0])
    test.graph.outputs = [front]
    #expect(
      try !test.expectUnchanged(by: [NormalizationFusion()], [random([2, 5, 8])])
        .contains("LayerNormalization"))
    var other = graph()
    let y = other.input("y")
    let core = try normal(&other, y, centered: true, .division, .power, axes: [-1])
    other.graph.outputs = [try other.one("Mul", [core, other.constant(random([5, 1]))])]
    let rest = try other.expectUnchanged(by: [NormalizationFusion()], [random([2, 5, 8])])
    #expect(rest.nodes.map(\.opType) == ["LayerNormalization", "Mul"])
  }
}
