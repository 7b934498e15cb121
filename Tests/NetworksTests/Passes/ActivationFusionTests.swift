// Tests of Networks: activations from their arithmetic, in every spelling.

import Networks
import Tensors
import Testing

@Suite struct ActivationFusionTests {
  typealias Builder = @Sendable (inout TestGraph, ValueID) throws -> ValueID

  struct Spelling: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var opType: String
    var build: Builder
  }

  private static func number(_ test: inout TestGraph, _ value: Float) -> ValueID {
    test.constant(Tensor(value))
  }

  private static func gate(
    _ test: inout TestGraph, _ function: String, _ inner: ValueID
  ) throws -> ValueID {
    try test.one("Add", [try test.one(function, [inner]), number(&test, 1)])
  }

  static let spellings: [Spelling] = [
    Spelling(testDescription: "x (1 + erf(x / √2)) 0.5", opType: "Gelu") { test, x in
      let inner = try test.one("Div", [x, number(&test, 1.414_213_54)])
      let product = try test.one("Mul", [x, try gate(&test, "Erf", inner)])
      return try test.one("Mul", [product, number(&test, 0.5)])
    },
    Spelling(testDescription: "0.5 x (1 + erf(x · 0.7071))", opType: "Gelu") { test, x in
      let inner = try test.one("Mul", [number(&test, 0.707_106_77), x])
      let half = try test.one("Mul", [number(&test, 0.5), x])
      return try test.one("Mul", [half, try gate(&test, "Erf", inner)])
    },
    Spelling(testDescription: "x (0.5 (1 + tanh(…x³…)))", opType: "Gelu") { test, x in
      let cube = try test.one("Pow", [x, number(&test, 3)])
      let term = try test.one("Mul", [number(&test, 0.044715), cube])
      let sum = try test.one("Add", [x, term])
      let inner = try test.one("Mul", [number(&test, 0.797_884_6), sum])
      let half = try test.one("Mul", [number(&test, 0.5), try gate(&test, "Tanh", inner)])
      return try test.one("Mul", [x, half])
    },
    Spelling(testDescription: "0.5 x (1 + tanh(0.79 x (1 + 0.04 x x)))", opType: "Gelu") {
      test, x in
      let square = try test.one("Mul", [try test.one("Mul", [number(&test, 0.044715), x]), x])
      let sum = try test.one("Add", [number(&test, 1), square])
      let inner = try test.one("Mul", [try test.one("Mul", [x, number(&test, 0.797_884_6)]), sum])
      let half = try test.one("Mul", [x, number(&test, 0.5)])
      return try test.one("Mul", [half, try gate(&test, "Tanh", inner)])
    },
    Spelling(testDescription: "x sigmoid(x)", opType: "Swish") { test, x in
      try test.one("Mul", [x, try test.one("Sigmoid", [x])])
    },
    Spelling(testDescription: "sigmoid(1.702 x) x", opType: "Swish") { test, x in
      let inner = try test.one("Mul", [x, number(&test, 1.702)])
      return try test.one("Mul", [try test.one("Sigmoid", [inner]), x])
    },
    Spelling(testDescription: "x clip(x + 3) / 6", opType: "HardSwish") { test, x in
      let sum = try test.one("Add", [x, number(&test, 3)])
      let clip = try test.one("Clip", [sum, number(&test, 0), number(&test, 6)])
      return try test.one("Div", [try test.one("Mul", [x, clip]), number(&test, 6)])
    },
    Spelling(testDescription: "x hardsigmoid(x)", opType: "HardSwish") { test, x in
      let gate = try test.one("HardSigmoid", [x], ["alpha": .float(1 / 6), "beta": .float(0.5)])
      return try test.one("Mul", [x, gate])
    },
    Spelling(testDescription: "x tanh(softplus(x))", opType: "Mish") { test, x in
      try test.one("Mul", [x, try test.one("Tanh", [try test.one("Softplus", [x])])])
    },
    Spelling(testDescription: "log(1 + e^x)", opType: "Softplus") { test, x in
      let sum = try test.one("Add", [number(&test, 1), try test.one("Exp", [x])])
      return try test.one("Log", [sum])
    },
    Spelling(testDescription: "1 / (1 + e^-x)", opType: "Sigmoid") { test, x in
      let power = try test.one("Exp", [try test.one("Neg", [x])])
      let sum = try test.one("Add", [power, number(&test, 1)])
      return try test.one("Div", [number(&test, 1), sum])
    },
  ]

  @Test(arguments: spellings)
  func everySpellingIsOneNode(_ spelling: Spelling) throws {
    var random = RandomTensors(seed: 6)
    var test = TestGraph()
    // x itself is a product, which the formula must not swallow.
    let source = test.input("source")
    let x = try test.one("Mul", [source, source])
    let y = try test.one("Sub", [x, try test.one("Abs", [source])])
    for value in [x, y] { test.graph.outputs.append(try spelling.build(&test, value)) }
    let rest = try test.expectUnchanged(by: [ActivationFusion()], [random([3, 7], in: -4...4)])
    #expect(rest.nodes.count { $0.opType == spelling.opType } == 2)
    #expect(rest.nodes.count == 5)
  }

  @Test func innerValuesThatAreOutputsStay() throws {
    var random = RandomTensors(seed: 7)
    var test = TestGraph()
    let x = test.input("x")
    let sigmoid = try test.one("Sigmoid", [x])
    let silu = try test.one("Mul", [x, sigmoid])
    test.graph.outputs = [sigmoid, silu, try test.one("Neg", [silu])]
    let rest = try test.expectUnchanged(by: [ActivationFusion()], [random([4])])
    #expect(rest.nodes.map(\.opType) == ["Sigmoid", "Swish", "Neg"])
  }

  /// Other constants, and a one that adds a dimension: no GELU.
  @Test func whatIsNoActivationStays() throws {
    for (half, one) in [
      (Tensor(Float(0.4)), Tensor(Float(1))), (Tensor(Float(0.5)), Tensor(Float(2))),
      (Tensor([Float(0.5)], shape: [1, 1, 1]), Tensor(Float(1))),
    ] {
      var random = RandomTensors(seed: 8)
      var test = TestGraph()
      let x = test.input("x")
      let inner = try test.one("Div", [x, test.constant(Tensor(Float(1.414_213_54)))])
      let gate = try test.one("Add", [try test.one("Erf", [inner]), test.constant(one)])
      let product = try test.one("Mul", [x, gate])
      test.graph.outputs = [try test.one("Mul", [product, test.constant(half)])]
      let rest = try test.expectUnchanged(by: [ActivationFusion()], [random([3, 4])])
      #expect(!rest.contains("Gelu"))
    }
  }
}
