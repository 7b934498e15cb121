// Tests of Networks: chains of element-wise operators pass over memory once, to the same bits.

import Networks
import TestSupport
import Tensors
import Testing

@Suite struct ElementwiseFusionTests {
  private let pass = ElementwiseFusion()

  /// The gates of a recurrent cell: `o = sigmoid(a) · tanh(sigmoid(b) · c + d)`.
  private func gates(_ test: inout TestGraph) throws -> ValueID {
    let (a, b, c, d) = (test.input("a"), test.input("b"), test.input("c"), test.input("d"))
    let kept = try test.one("Mul", [try test.one("Sigmoid", [b]), c])
    let state = try test.one("Add", [kept, d])
    return try test.one("Mul", [try test.one("Sigmoid", [a]), try test.one("Tanh", [state])])
  }

  /// Operands of the result's shape, of rows, of columns, of one number; long and short.
  @Test(arguments: [
    [[3, 700, 5], [3, 700, 5], [3, 700, 5], [3, 700, 5]],
    [[2, 48, 100], [48, 1], [100], [1]],
    [[2, 3, 4, 5], [2, 1, 4, 1], [3, 1, 5], []],
    [[9, 2000], [9, 1], [2000], [9, 2000]],
    [[1], [5, 1], [1, 7], [5, 7]],
  ]) func gatesAreOnePass(shapes: [[Int]]) throws {
    var test = TestGraph()
    test.graph.outputs = [try gates(&test)]
    var random = RandomTensors(seed: 100)
    let inputs = try shapes.map { random(try Shape(checking: $0), in: -3...3) }
    let rest = try test.expectUnchanged(by: [pass], inputs, tolerance: 0)
    // Steps whose results are smaller than the last stay by themselves.
    if Set(shapes.map(\.count)).count == 1, Set(shapes).count == 1 {
      #expect(rest.nodes.count == 1)
    }
    #expect(rest.nodes.count < test.graph.nodes.count)
  }

  @Test(arguments: [
    "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal",
  ]) func comparisonsChoose(comparison: String) throws {
    var test = TestGraph()
    let x = test.input("x")
    let bound = test.constant(Tensor(Float(0.25)))
    let size = try test.one("Abs", [x])
    let isLarge = try test.one(comparison, [size, bound])
    let less = try test.one("Sub", [x, try test.one("Mul", [try test.one("Sign", [x]), bound])])
    let none = test.constant(Tensor(Float(0)))
    test.graph.outputs = [try test.one("Where", [isLarge, less, none])]
    var numbers = RandomTensors.of([3, 1111], seed: 101).elements(as: Float.self)
    for (place, value) in [Float.nan, .infinity, -.infinity, 0.25, -0.25, -0].enumerated() {
      numbers[place * 7] = value
    }
    let rest = try test.expectUnchanged(
      by: [pass], [Tensor(numbers, shape: [3, 1111])], tolerance: 0)
    #expect(rest.nodes.count == 1)
  }

  /// One factor, and one term, for each channel: of every image or of all, planes of any size.
  @Test(
    arguments: [[2, 5, 7, 7], [3, 40, 3, 3], [1, 3, 200, 90], [2, 6, 1, 1], [2, 3, 300]],
    [true, false])
  func channelsAreOnePass(shape: [Int], isGate: Bool) throws {
    var random = RandomTensors(seed: 102)
    var test = TestGraph()
    let (x, channels) = (test.input("x"), shape[1])
    let ones = [Int](repeating: 1, count: shape.count - 2)
    var numbers: [ValueID] = []
    for index in 0..<4 {
      numbers.append(test.constant(random([channels], in: index == 3 ? 0.5...2 : -1...1)))
    }
    let scaled =
      isGate
      ? try test.one("Mul", [test.input("gate"), x])
      : try test.one("BatchNormalization", [x] + numbers)
    test.graph.outputs = [try test.one(isGate ? "Sigmoid" : "Relu", [scaled])]
    let image = random(try Shape(checking: shape))
    let gates = [1, shape[0]].map { random(Shape([$0, channels] + ones)) }
    for inputs in isGate ? gates.map({ [image, $0] }) : [[image]] {
      let rest = try test.expectUnchanged(by: [pass], inputs, tolerance: isGate ? 0 : 2e-6)
      #expect(rest.nodes.count == 1)
    }
  }

  /// A mask that comes from outside, by element, by row and by column.
  @Test(arguments: [[40, 90], [40, 1], [90], [1]]) func givenMasksChoose(mask: [Int]) throws {
    var test = TestGraph()
    let (x, chosen) = (test.input("x"), test.input("mask", nil, .bool))
    let low = test.constant(Tensor(Float(-2)))
    let masked = try test.one("Where", [chosen, x, low])
    test.graph.outputs = [try test.one("Max", [try test.one("Neg", [masked]), x])]
    let shape = try Shape(checking: mask)
    let booleans = Tensor((0..<shape.count).map { $0 * 7 % 3 == 0 }, shape: shape)
    let rest = try test.expectUnchanged(
      by: [pass], [RandomTensors.of([40, 90], seed: 102), booleans], tolerance: 0)
    #expect(rest.nodes.count == 1)
  }

  /// What somebody else needs is made as before, and integers and doubles are left alone.
  @Test func sharedResultsStay() throws {
    var test = TestGraph()
    let x = test.input("x")
    let doubled = try test.one("Add", [x, x])
    let clipped = try test.one(
      "Clip", [doubled, test.constant(Tensor(Float(-1))), test.constant(Tensor(Float(1)))])
    test.graph.outputs = [try test.one("Exp", [clipped]), doubled]
    let rest = try test.expectUnchanged(
      by: [pass], [RandomTensors.of([500], seed: 103)], tolerance: 0)
    #expect(rest.nodes.map(\.opType) == ["Add", "Exp"])
  }

  @Test(arguments: [ElementType.float64, .int64]) func otherTypesStay(type: ElementType) throws {
    var test = TestGraph()
    let x = test.input("x", nil, type)
    test.graph.outputs = [try test.one("Neg", [try test.one("Mul", [x, x])])]
    let numbers = RandomTensors.of([30], seed: 104, in: -9...9).converted(to: type)
    let rest = try test.expectUnchanged(by: [pass], [numbers], tolerance: 0)
    #expect(rest.nodes.map(\.opType) == ["Mul", "Neg"])
  }

  /// Longer than one program may be: several, and the same result.
  @Test func longChainsAreCut() throws {
    var test = TestGraph()
    var value = test.input("x")
    for step in 0..<60 { value = try test.one(step % 2 == 0 ? "Tanh" : "Exp", [value]) }
    test.graph.outputs = [value]
    let rest = try test.expectUnchanged(
      by: [pass], [RandomTensors.of([5000], seed: 105)], tolerance: 0)
    #expect((2...4).contains(rest.nodes.count))
  }
}

extension RandomTensors {
  /// One tensor of random numbers.
  static func of(_ shape: Shape, seed: UInt64, in range: ClosedRange<Float> = -1...1) -> Tensor {
    var random = RandomTensors(seed: seed)
    return random(shape, in: range)
  }
}
