// Tests of Networks: quantised groups computed in integers, against the same graph in floats.

import Networks
import Tensors
import Testing

/// Graphs with quantisations, node by node.
private struct QuantizedGraph {
  var test = TestGraph()
  var random = Generator(seed: 11)

  init() { test.opset = 21 }

  mutating func floats(_ shape: Shape, _ range: ClosedRange<Float> = -1...1) -> Tensor {
    Tensor(
      (0..<shape.count).map { _ in Float.random(in: range, using: &random) }, shape: shape)
  }

  /// `value` quantised to bytes and back.
  mutating func rounded(
    _ value: ValueID, scale: Float, zero: Tensor
  ) throws -> ValueID {
    let (scale, zero) = (test.constant(Tensor(scale)), test.constant(zero))
    let bytes = try test.one("QuantizeLinear", [value, scale, zero])
    return try test.one("DequantizeLinear", [bytes, scale, zero])
  }

  /// Constant weights, by channel along `axis` where that is given.
  mutating func weights(_ shape: Shape, axis: Int? = nil) throws -> ValueID {
    let values = (0..<shape.count).map { _ in Int8.random(in: -128...127, using: &random) }
    let count = axis.map { shape[$0] } ?? 1
    let scales = (0..<count).map { _ in Float.random(in: 0.005...0.02, using: &random) }
    let scaleShape: Shape = axis == nil ? .scalar : [count]
    return try test.one(
      "DequantizeLinear",
      [
        test.constant(Tensor(values, shape: shape)),
        test.constant(Tensor(scales, shape: scaleShape)),
        test.constant(Tensor(zeros: scaleShape, .int8)),
      ], ["axis": .int(axis ?? 1)])
  }

  /// How the graph looks in integers, and by how many quanta of `scale` its results differ.
  func compare(_ inputs: [Tensor], scale: Float) throws -> (operators: [String], quanta: Float) {
    let passes: [any GraphPass] = [IntegerComputation()]
    let graph = try passes[0].apply(test.graph, limits: TestGraph.limits)
    let plain = try #require(test.run(inputs).first)
    let whole = try #require(test.run(inputs, passes: passes).first)
    #expect(plain.shape == whole.shape && plain.elementType == whole.elementType)
    let (a, b) = (try plain.numericElements(), try whole.numericElements())
    let worst = zip(a, b).map { abs($0 - $1) }.max() ?? 0
    return (graph.nodes.map(\.opType), Float(worst) / scale)
  }
}

@Suite struct IntegerComputationTests {
  @Test(arguments: ["", "Relu", "Clip"], [false, true])
  func convolutions(activation: String, byChannel: Bool) throws {
    var graph = QuantizedGraph()
    let x = try graph.rounded(graph.test.input("x"), scale: 0.02, zero: Tensor(UInt8(120)))
    let w = try graph.weights([6, 5, 3, 3], axis: byChannel ? 0 : nil)
    let bias = graph.test.constant(graph.floats([6]))
    var y = try graph.test.one("Conv", [x, w, bias], ["pads": .ints([1, 1, 1, 1])])
    if activation == "Relu" { y = try graph.test.one("Relu", [y]) }
    if activation == "Clip" {
      let (low, high) = (
        graph.test.constant(Tensor(Float(-3))), graph.test.constant(Tensor(Float(5)))
      )
      y = try graph.test.one("Clip", [y, low, high])
    }
    graph.test.graph.outputs = [try graph.rounded(y, scale: 0.2, zero: Tensor(UInt8(100)))]
    let image = graph.floats([2, 5, 9, 11], -3...3)
    let result = try graph.compare([image], scale: 0.2)
    #expect(result.operators == ["QuantizeLinear", "QLinearConv", "DequantizeLinear"])
    #expect(result.quanta <= 1.01)
  }

  /// Kernel, stride, padding before and behind, dilation, output padding.
  private static let transposedWindows = [
    [2, 2, 0, 0, 1, 0], [4, 2, 1, 1, 1, 0], [3, 2, 1, 1, 1, 1], [3, 1, 1, 1, 1, 0],
    [2, 3, 0, 0, 1, 1], [5, 3, 4, 0, 1, 0], [3, 2, 3, 1, 2, 0], [3, 2, 0, 5, 3, 1],
  ]

  @Test(arguments: transposedWindows, [false, true])
  func transposedConvolutions(window: [Int], byChannel: Bool) throws {
    var graph = QuantizedGraph()
    let x = try graph.rounded(
      graph.test.input("x"), scale: 0.02,
      zero: byChannel ? Tensor(Int8(-20)) : Tensor(UInt8(120)))
    let w = try graph.weights(
      [5, 6, window[0], window[0]], axis: byChannel ? 1 : nil)
    let pads = [window[2], window[2], window[3], window[3]]
    let y = try graph.test.one(
      "ConvTranspose", [x, w, graph.test.constant(graph.floats([6]))],
      [
        "kernel_shape": .ints([window[0], window[0]]), "strides": .ints([window[1], window[1]]),
        "pads": .ints(pads), "dilations": .ints([window[4], window[4]]),
        "output_padding": .ints([window[5], window[5]]),
      ])
    let active = try graph.test.one("Relu", [y])
    graph.test.graph.outputs = [try graph.rounded(active, scale: 0.2, zero: Tensor(UInt8(9)))]
    let result = try graph.compare([graph.floats([2, 5, 7, 21], -3...3)], scale: 0.2)
    #expect(result.operators == ["QuantizeLinear", "QLinearConvTranspose", "DequantizeLinear"])
    #expect(result.quanta <= 1.01)
  }

  /// One dimension; groups and lengths asked for stay in floats.
  @Test(arguments: ["line", "groups", "shape"])
  func otherTransposedConvolutions(kind: String) throws {
    var graph = QuantizedGraph()
    let x = try graph.rounded(graph.test.input("x"), scale: 0.02, zero: Tensor(UInt8(120)))
    let w = try graph.weights(kind == "line" ? [4, 3, 4] : [4, 3, 2, 2])
    var attributes: [String: AttributeValue] = ["strides": .ints(kind == "line" ? [2] : [2, 2])]
    if kind == "groups" { attributes["group"] = .int(2) }
    if kind == "shape" { attributes["output_shape"] = .ints([9, 11]) }
    let y = try graph.test.one("ConvTranspose", [x, w], attributes)
    graph.test.graph.outputs = [try graph.rounded(y, scale: 0.2, zero: Tensor(UInt8(100)))]
    let image = graph.floats(kind == "line" ? [2, 4, 30] : [1, 4, 5, 6], -3...3)
    let result = try graph.compare([image], scale: 0.2)
    #expect(
      result.operators.contains(kind == "line" ? "QLinearConvTranspose" : "ConvTranspose"))
    #expect(result.quanta <= 1.01)
  }

  @Test(arguments: ["MatMul", "MatMul+Add", "Gemm", "Dynamic"])
  func products(kind: String) throws {
    var graph = QuantizedGraph()
    let x = try graph.rounded(graph.test.input("x"), scale: 0.02, zero: Tensor(Int8(3)))
    var y: ValueID
    var inputs = [graph.floats(kind == "Gemm" ? [7, 33] : [2, 7, 33], -2...2)]
    switch kind {
    case "Dynamic":
      let right = try graph.rounded(graph.test.input("y"), scale: 0.02, zero: Tensor(Int8(-9)))
      inputs.append(graph.floats([2, 33, 20], -2...2))
      y = try graph.test.one("MatMul", [x, right])
    case "Gemm":
      let w = try graph.weights([20, 33], axis: 0)
      y = try graph.test.one(
        "Gemm", [x, w, graph.test.constant(graph.floats([20]))], ["transB": .int(1)])
    default:
      y = try graph.test.one("MatMul", [x, try graph.weights([33, 20], axis: 1)])
      if kind == "MatMul+Add" {
        y = try graph.test.one("Add", [graph.test.constant(graph.floats([20])), y])
      }
    }
    graph.test.graph.outputs = [try graph.rounded(y, scale: 0.1, zero: Tensor(Int8(0)))]
    let result = try graph.compare(inputs, scale: 0.1)
    let wanted = kind == "Gemm" ? "QGemm" : "QLinearMatMul"
    #expect(result.operators.filter { !$0.contains("uantizeLinear") } == [wanted])
    #expect(result.operators.count(where: { $0 == "DequantizeLinear" }) == 1)
    #expect(result.quanta <= 1.01)
  }

  @Test(arguments: [
    ("Add", "QuantizedArithmetic"), ("Sub", "QuantizedArithmetic"), ("Mul", "QuantizedArithmetic"),
    ("Concat", "QLinearConcat"),
  ])
  func pairs(opType: String, wanted: String) throws {
    var graph = QuantizedGraph()
    let a = try graph.rounded(graph.test.input("a"), scale: 0.02, zero: Tensor(UInt8(100)))
    let b = try graph.rounded(graph.test.input("b"), scale: 0.03, zero: Tensor(UInt8(30)))
    let y = try graph.test.one(opType, [a, b], opType == "Concat" ? ["axis": .int(1)] : [:])
    graph.test.graph.outputs = [try graph.rounded(y, scale: 0.05, zero: Tensor(UInt8(128)))]
    let inputs = [
      graph.floats([2, 3, 8], -2...2),
      graph.floats(opType == "Concat" ? [2, 1, 8] : [3, 1], -2...5),
    ]
    let result = try graph.compare(inputs, scale: 0.05)
    #expect(result.operators.contains(wanted))
    #expect(result.operators.count(where: { $0 == "DequantizeLinear" }) == 1)
    #expect(result.quanta <= 1.01)
  }

  /// Any number of functions of single values is one table, exact to the bit.
  @Test func functionsBecomeATable() throws {
    var graph = QuantizedGraph()
    let x = try graph.rounded(graph.test.input("x"), scale: 0.05, zero: Tensor(Int8(7)))
    let shifted = try graph.test.one("Sub", [graph.test.constant(Tensor(Float(1))), x])
    let bent = try graph.test.one("LeakyRelu", [try graph.test.one("Tanh", [shifted])])
    graph.test.graph.outputs = [try graph.rounded(bent, scale: 0.01, zero: Tensor(UInt8(90)))]
    let result = try graph.compare([graph.floats([3, 50], -5...5)], scale: 0.01)
    #expect(result.operators == ["QuantizeLinear", "ByteTable", "DequantizeLinear"])
    #expect(result.quanta == 0)
  }

  @Test func meansOfWindows() throws {
    for opType in ["AveragePool", "GlobalAveragePool"] {
      var graph = QuantizedGraph()
      let x = try graph.rounded(graph.test.input("x"), scale: 0.05, zero: Tensor(UInt8(60)))
      let y = try graph.test.one(
        opType, [x],
        opType == "AveragePool"
          ? [
            "kernel_shape": .ints([3, 2]), "strides": .ints([2, 1]), "pads": .ints([1, 0, 1, 1]),
          ]
          : [:])
      graph.test.graph.outputs = [try graph.rounded(y, scale: 0.04, zero: Tensor(UInt8(80)))]
      let result = try graph.compare([graph.floats([2, 3, 9, 7], -3...8)], scale: 0.04)
      #expect(result.operators == ["QuantizeLinear", "QuantizedPool", "DequantizeLinear"])
      #expect(result.quanta <= 1.01)
    }
  }

  /// What only moves elements moves bytes, and quantising what was just dequantised is nothing.
  @Test func movementsMoveBytes() throws {
    var graph = QuantizedGraph()
    let (scale, zero) = (Float(0.05), Tensor(UInt8(60)))
    let x = try graph.rounded(graph.test.input("x"), scale: scale, zero: zero)
    let pooled = try graph.test.one(
      "MaxPool", [x], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
    let turned = try graph.test.one("Transpose", [pooled], ["perm": .ints([0, 2, 3, 1])])
    graph.test.graph.outputs = [try graph.rounded(turned, scale: scale, zero: zero)]
    let result = try graph.compare([graph.floats([1, 3, 8, 6], -3...8)], scale: scale)
    #expect(
      result.operators == [
        "QuantizeLinear", "MaxPool", "Transpose", "Identity", "DequantizeLinear",
      ])
    #expect(result.quanta == 0)
  }

  /// A value that somebody else sees stays as it is, and what has no integer form stays in floats.
  @Test func whatIsSeenElsewhereStays() throws {
    var graph = QuantizedGraph()
    let x = try graph.rounded(graph.test.input("x"), scale: 0.02, zero: Tensor(UInt8(120)))
    let y = try graph.test.one("Conv", [x, try graph.weights([4, 3, 1, 1])])
    graph.test.graph.outputs = [try graph.rounded(y, scale: 0.1, zero: Tensor(UInt8(128))), y]
    let result = try graph.compare([graph.floats([1, 3, 4, 4])], scale: 0.1)
    #expect(result.operators.contains("Conv") && !result.operators.contains("QLinearConv"))
    #expect(result.quanta == 0)
  }
}

/// Operators of `com.microsoft` that quantisers emit.
@Suite struct QuantizedOperatorTests {
  private func run<Own: Operator>(
    _: Own.Type, _ inputs: [Tensor?], _ attributes: [String: AttributeValue] = [:]
  ) throws -> Tensor {
    let node = NodeDescription(
      opType: "test", domain: "com.microsoft", opset: 1, attributes: attributes,
      inputPresence: inputs.map { $0 != nil })
    let operation = try Own(node)
    // Once with all contents known beforehand, once with none.
    var results: [Tensor] = []
    for known in [true, false] {
      let operands = Operands(
        inputs.map { tensor in
          tensor.map { TensorFacts($0.elementType, $0.shape, constant: known ? $0 : nil) }
        })
      let outputs = try operation.infer(operands)
      let kernel = try operation.prepareWidened(
        operands, outputs: [outputs[0]], limits: TestGraph.limits)
      let made = try Kernel.run(
        kernel, inputs: inputs, outputs: [outputs[0]], limits: TestGraph.limits)
      results.append(try #require(made[0]))
    }
    #expect(try results[0].numericElements() == results[1].numericElements())
    return results[1]
  }

  private func bytes(_ values: [UInt8], _ shape: Shape? = nil) -> Tensor {
    Tensor(values, shape: shape ?? [values.count])
  }
  private let half = Tensor(Float(0.5))
  private let one = Tensor(Float(1))

  @Test func arithmetic() throws {
    let (a, b) = (bytes([10, 20, 30, 255]), bytes([12]))
    let inputs = [a, half, Tensor(UInt8(10)), b, half, Tensor(UInt8(2)), one, Tensor(UInt8(5))]
    let sum = try run(ComMicrosoftQLinearAddOperator.self, inputs)
    #expect(sum.elements(as: UInt8.self) == [10, 15, 20, 133])
    let product = try run(ComMicrosoftQLinearMulOperator.self, inputs)
    #expect(product.elements(as: UInt8.self) == [5, 30, 55, 255])
  }

  @Test func functions() throws {
    let x = bytes([0, 128, 138])
    let parameters = [
      Tensor(Float(0.1)), Tensor(UInt8(128)), Tensor(Float(1) / 256), Tensor(UInt8(0)),
    ]
    let sigmoid = try run(ComMicrosoftQLinearSigmoidOperator.self, [x] + parameters)
    #expect(sigmoid.elements(as: UInt8.self) == [0, 128, 187])
    let leaky = try run(
      ComMicrosoftQLinearLeakyReluOperator.self,
      [x, one, Tensor(UInt8(128)), one, Tensor(UInt8(100))], ["alpha": .float(0.25)])
    #expect(leaky.elements(as: UInt8.self) == [68, 100, 110])
    let softmax = try run(
      ComMicrosoftQLinearSoftmaxOperator.self, [bytes([10, 10, 10, 10], [2, 2])] + parameters,
      ["opset": .int(13), "axis": .int(-1)])
    #expect(softmax.elements(as: UInt8.self) == [128, 128, 128, 128])
  }

  @Test func concatenation() throws {
    let result = try run(
      ComMicrosoftQLinearConcatOperator.self,
      [
        one, Tensor(UInt8(0)), bytes([2, 4]), half, Tensor(UInt8(0)), bytes([9]), one,
        Tensor(UInt8(2)),
      ],
      ["axis": .int(0)])
    #expect(result.elements(as: UInt8.self) == [1, 2, 7])
  }

  @Test(arguments: [false, true]) func pools(channelsLast: Bool) throws {
    let x = bytes([1, 2, 3, 6], channelsLast ? [1, 2, 2, 1] : [1, 1, 2, 2])
    let inputs = [x, one, Tensor(UInt8(0)), half, Tensor(UInt8(10))]
    let last = AttributeValue.int(channelsLast ? 1 : 0)
    let all = try run(
      ComMicrosoftQLinearGlobalAveragePoolOperator.self, inputs, ["channels_last": last])
    #expect(all.elements(as: UInt8.self) == [16])
    let pooled = try run(
      ComMicrosoftQLinearAveragePoolOperator.self, inputs,
      ["channels_last": last, "kernel_shape": .ints([1, 2])])
    #expect(pooled.elements(as: UInt8.self) == [13, 19])
  }

  @Test func gemm() throws {
    let a = bytes([1, 2, 3, 4], [2, 2])
    let b = Tensor([Int8(1), 0, -1, 2], shape: [2, 2])
    let c = Tensor([Int32(10), 20], shape: [2])
    let scales = Tensor([Float(1), 0.5], shape: [2])
    let zero = Tensor(zeros: [2], .int8)
    let floats = try run(
      ComMicrosoftQGemmOperator.self, [a, half, Tensor(UInt8(1)), b, scales, zero, c])
    // (a - 1) b + c = [[-1, 2], [-1, 6]] + [10, 20].
    #expect(floats.elements(as: Float.self) == [4.5, 5.5, 4.5, 6.5])
    let whole = try run(
      ComMicrosoftQGemmOperator.self,
      [a, half, Tensor(UInt8(1)), b, scales, zero, c, half, Tensor(UInt8(3))], ["transB": .int(0)])
    #expect(whole.elements(as: UInt8.self) == [12, 14, 12, 16])
  }

  @Test func productsThatEndInFloats() throws {
    let a = bytes([1, 2, 3, 4], [2, 2])
    let b = Tensor([Int8(1), 0, -1, 2], shape: [2, 2])
    let bias = Tensor([Float(100), 200], shape: [2])
    let result = try run(
      ComMicrosoftMatMulIntegerToFloatOperator.self,
      [a, b, half, one, Tensor(UInt8(1)), nil, bias])
    #expect(result.elements(as: Float.self) == [99.5, 201, 99.5, 203])
    let x = Tensor([Float(0), 255, 51, 102], shape: [2, 2])
    let dynamic = try run(
      ComMicrosoftDynamicQuantizeMatMulOperator.self, [x, b, half, Tensor(Int8(0)), bias])
    #expect(dynamic.elements(as: Float.self) == [-27.5, 455, 74.5, 302])
  }

  /// Blocks of 16 with a scale each; zero points in the middle unless given.
  @Test(arguments: [2, 4, 8], [false, true]) func blockedWeights(bits: Int, zeros: Bool) throws {
    let (k, n, block) = (20, 3, 16)
    var random = Generator(seed: 5)
    let codes = (0..<n * 2 * block).map { _ in
      UInt8.random(in: 0..<UInt8(1 << min(bits, 7)), using: &random)
    }
    let perByte = 8 / bits
    let packed = (0..<codes.count / perByte).map { place in
      (0..<perByte).reduce(UInt8(0)) { $0 | codes[place * perByte + $1] << UInt8($1 * bits) }
    }
    let scales = (0..<n * 2).map { Float($0 + 1) * 0.5 }
    let points: [Float] =
      zeros ? scales.map { $0 + 1 } : [Float](repeating: Float(1 << (bits - 1)), count: 6)
    let x = Tensor((0..<2 * k).map { Float($0 % 7) - 3 }, shape: [2, k])
    let result = try run(
      ComMicrosoftMatMulNBitsOperator.self,
      [
        x, bytes(packed, [n, 2, block * bits / 8]), Tensor(scales, shape: [n * 2]),
        zeros ? Tensor(points, shape: [n * 2]) : nil,
      ], ["K": .int(k), "N": .int(n), "bits": .int(bits), "block_size": .int(block)])
    for row in 0..<2 {
      for column in 0..<n {
        var sum: Float = 0
        for step in 0..<k {
          let own = column * 2 + step / block
          let code = Float(codes[own * block + step % block])
          sum += (Float((row * k + step) % 7) - 3) * (code - points[own]) * scales[own]
        }
        #expect(
          abs(result.elements(as: Float.self)[row * n + column] - sum) <= 1e-3 * max(1, abs(sum)))
      }
    }
  }

  /// In three dimensions, where no vector kernel is: the same rule.
  @Test func volumesAreConvolved() throws {
    let x = bytes((0..<27).map { UInt8($0) }, [1, 1, 3, 3, 3])
    let w = Tensor([Int8](repeating: 1, count: 8), shape: [1, 1, 2, 2, 2])
    let result = try run(
      QLinearConvOperator.self,
      [x, one, Tensor(UInt8(1)), w, one, Tensor(Int8(0)), Tensor(Float(4)), Tensor(UInt8(3))])
    // Sums of eight less eight, over four.
    #expect(result.elements(as: UInt8.self) == [14, 16, 20, 22, 32, 34, 38, 40])
  }
}
