// Tests of Networks: nodes that change nothing are removed, and only those.

import Networks
import Tensors
import Testing

@Suite struct IdentityRemovalTests {
  private let pass = IdentityRemoval()

  @Test func viewsThatChangeNothingGo() throws {
    var test = TestGraph()
    let x = test.input("x", [2, 3, 4])
    let cast = try test.one("Cast", [x], ["to": .int(1)])
    let wide = try test.one("Expand", [cast, test.ints([1, 3, 1])])
    let whole = try test.one(
      "Slice", [wide, test.ints([0]), test.ints([.max]), test.ints([1]), test.ints([1])])
    let padded = try test.one("Pad", [whole, test.ints([0, 0, 0, 0, 0, 0])])
    let same = try test.one("Transpose", [padded], ["perm": .ints([0, 1, 2])])
    let shaped = try test.one("Reshape", [same, test.ints([0, -1, 4])])
    test.graph.outputs = [try test.one("Relu", [shaped])]
    var random = RandomTensors(seed: 1)
    let rest = try test.expectUnchanged(by: [pass], [random([2, 3, 4])])
    #expect(rest.nodes.map(\.opType) == ["Relu"])
  }

  /// What an operand was repeated for, arithmetic does itself; but not where both make up the shape.
  @Test func repeatedOperandsAreReadAsTheyWere() throws {
    var test = TestGraph()
    let (x, y, z) = (
      test.input("x", [2, 3, 4]), test.input("y", [3, 1]), test.input("z", [1, 1, 4])
    )
    let wide = try test.one("Expand", [y, test.ints([2, 3, 4])])
    let product = try test.one("Mul", [x, wide])
    let (low, high) = (
      try test.one("Expand", [y, test.ints([1, 3, 4])]),
      try test.one("Expand", [z, test.ints([2, 1, 4])])
    )
    test.graph.outputs = [product, try test.one("Sub", [low, high])]
    var random = RandomTensors(seed: 4)
    let rest = try test.expectUnchanged(
      by: [pass, DeadNodeRemoval()], [random([2, 3, 4]), random([3, 1]), random([1, 1, 4])])
    #expect(rest.nodes.map(\.opType) == ["Mul", "Expand", "Expand", "Sub"])
  }

  static let neutral: [(opType: String, value: Float, place: Int)] = [
    ("Mul", 1, 1), ("Mul", 1, 0), ("Div", 1, 1), ("Sub", 0, 1), ("Add", -0.0, 0),
  ]

  @Test(arguments: neutral)
  func arithmeticThatChangesNothingGoes(_ opType: String, _ value: Float, _ index: Int) throws {
    var test = TestGraph()
    let x = test.input("x", [2, 3])
    let constant = test.constant(Tensor([value, value, value], shape: [3]))
    test.graph.outputs = [
      try test.one(opType, index == 0 ? [constant, x] : [x, constant])
    ]
    let rest = try test.expectUnchanged(
      by: [pass], [Tensor([Float(-0.0), 0, -1, 2, .nan, .infinity], shape: [2, 3])])
    #expect(rest.nodes.isEmpty)
  }

  static let effective: [(opType: String, value: Float, shape: Shape)] = [
    ("Add", 0, [3]), ("Mul", 1, [2, 2, 3]), ("Mul", 1.5, [3]),
  ]

  /// Adding +0 makes -0 positive; a one with more dimensions makes a larger result.
  @Test(arguments: effective)
  func arithmeticThatChangesSomethingStays(
    _ opType: String, _ value: Float, _ shape: Shape
  ) throws {
    var test = TestGraph()
    let x = test.input("x", [2, 3])
    let constant = Tensor([Float](repeating: value, count: shape.count), shape: shape)
    test.graph.outputs = [try test.one(opType, [x, test.constant(constant)])]
    let rest = try test.expectUnchanged(
      by: [pass], [Tensor([Float(-0.0), 0, -1, 2, 3, 4], shape: [2, 3])])
    #expect(rest.nodes.count == 1)
  }
}
