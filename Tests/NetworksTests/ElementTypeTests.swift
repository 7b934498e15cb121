// Tests of Networks: element types in files and in memory, and the operators that convert them.

import Networks
import ONNXFormat
import Tensors
import Testing

@Suite struct ElementTypeTests {
  static let packed: [(ONNXElementType, [Int], [UInt8], [Double])] = [
    (.uint4, [3], [0x21, 0x0F], [1, 2, 15]),
    (.int4, [2, 2], [0x9F, 0x70], [-1, -7, 0, 7]),
    (.uint2, [5], [0b1110_0100, 0b10], [0, 1, 2, 3, 2]),
    (.int2, [4], [0b1110_0100], [0, 1, -2, -1]),
    (.float4e2m1, [3], [0x72, 0x0F], [1, 6, -6]),
    (.float6e2m3, [4], [0x08, 0xFA, 0x7F], [1, -1, -7.5, 7.5]),
    (.float6e3m2, [1], [0x1F], [28]),
    (.float8e5m2, [2], [60, 188], [1, -1]),
    (.float8e8m0, [2], [128, 126], [2, 0.5]),
  ]

  @Test(arguments: packed.indices) func filesPackWhatMemoryDoesNot(_ index: Int) throws {
    let (type, dims, bytes, values) = Self.packed[index]
    let tensor = try Tensor(ONNXTensor(elementType: type, dims: dims, copying: bytes))
    #expect(tensor.elementType.onnx == type)
    #expect(try tensor.numericElements() == values)
    #expect(tensor.packedBytes() == bytes)
  }

  @Test(arguments: ElementType.allCases) func namesAgreeWithTheFilesOnes(_ type: ElementType) {
    #expect(type.onnx.elementType == type)
    #expect(type.onnx.bitWidth == type.bitWidth)
  }

  private func run(
    _ opType: String, _ inputs: [Tensor], opset: Int = 25,
    _ attributes: [String: AttributeValue] = [:]
  ) throws -> Tensor {
    var test = TestGraph()
    test.opset = opset
    let values = inputs.indices.map { test.input("x\($0)") }
    for index in inputs.indices {
      test.graph.inputs[index].declared.elementType = inputs[index].elementType
    }
    test.graph.outputs = [try test.one(opType, values, attributes)]
    return try #require(test.run(inputs).first)
  }

  private func tensor(_ values: [Double], _ type: ElementType, _ shape: Shape? = nil) -> Tensor {
    Tensor(values, shape: shape ?? [values.count]).converted(to: type)
  }

  @Test(arguments: ElementType.allCases, ElementType.allCases)
  func castsBetweenAnyTypes(_ from: ElementType, _ to: ElementType) throws {
    let values: [Double] = from == .float8e8m0 || to == .float8e8m0 ? [1, 1] : [0, 1]
    let source = tensor(values, from)
    let number = AttributeValue.int(Int(to.onnx.rawValue))
    let result = try run("Cast", [source], ["to": number])
    #expect(result.elementType == to)
    #expect(try result.numericElements() == values)
    let like = try run("CastLike", [source, tensor([1], to)])
    #expect(try like.numericElements() == values)
  }

  @Test(arguments: [(23, true), (24, false)]) func castOfInfinityChanged(opset: Int, isNaN: Bool)
    throws
  {
    let to = AttributeValue.int(Int(ElementType.float8e4m3fnuz.onnx.rawValue))
    let result = try run("Cast", [Tensor([Float.infinity], shape: [1])], opset: opset, ["to": to])
    #expect(try result.numericElements()[0].isNaN == isNaN)
  }

  @Test func bitCastReadsTheSameBits() throws {
    func cast(_ tensor: Tensor, _ type: ElementType) throws -> [Double] {
      try run("BitCast", [tensor], ["to": .int(Int(type.onnx.rawValue))]).numericElements()
    }
    #expect(try cast(tensor([-1, 7], .int4), .uint4) == [15, 7])
    #expect(try cast(tensor([2, 15], .uint4), .float4e2m1) == [1, -6])
    #expect(try cast(tensor([56], .uint8), .float8e4m3fn) == [1])
    #expect(try cast(tensor([0, 2, 255], .uint8), .bool) == [0, 1, 1])
    #expect(throws: (any Error).self) { try cast(tensor([1], .uint8), .uint4) }
  }

  static let integers: [(ElementType, ClosedRange<Double>)] = [
    (.uint8, 0...255), (.int8, -128...127), (.uint16, 0...65535), (.int16, -32768...32767),
    (.uint4, 0...15), (.int4, -8...7), (.uint2, 0...3), (.int2, -2...1),
  ]

  /// Ties go to even, what is too large stops at the type's end.
  @Test(arguments: integers.indices) func quantizesToEveryInteger(_ index: Int) throws {
    let (type, range) = Self.integers[index]
    let zero: Double = type.bitWidth == 2 ? 1 : 3
    let (scale, zeros) = (Tensor(Float(2)), tensor([zero], type, .scalar))
    let x = Tensor([Float(0), 1, 5, -300, 1000], shape: [5])
    let result = try run("QuantizeLinear", [x, scale, zeros])
    let wanted = [0, 0, 2, -150, 500].map {
      min(max($0 + zero, range.lowerBound), range.upperBound)
    }
    #expect(try result.numericElements() == wanted)
    let back = try run("DequantizeLinear", [result, scale, zeros])
    #expect(try back.numericElements() == wanted.map { ($0 - zero) * 2 })
  }

  @Test(arguments: [ElementType.float8e4m3fn, .float8e5m2, .float4e2m1, .float6e2m3])
  func quantizesToSmallFloats(_ type: ElementType) throws {
    let x = Tensor([Float(2), -4, 8], shape: [3])
    let scale = Tensor(Float(2))
    let result = try run(
      "QuantizeLinear", [x, scale], ["output_dtype": .int(Int(type.onnx.rawValue))])
    #expect(result.elementType == type)
    #expect(try result.numericElements() == [1, -2, 4])
    #expect(try run("DequantizeLinear", [result, scale]).numericElements() == [2, -4, 8])
  }

  /// Blocks of two along either axis of [2, 4], the last one short along rows of 3.
  @Test(arguments: [0, 1]) func quantizesByBlock(axis: Int) throws {
    let x = Tensor((0..<8).map { Float($0) }, shape: [2, 4])
    let scales = Tensor(
      axis == 0 ? [Float(1), 2, 4, 8] : [1, 2, 4, 8], shape: axis == 0 ? [1, 4] : [2, 2])
    let attributes: [String: AttributeValue] = ["axis": .int(axis), "block_size": .int(2)]
    let result = try run("QuantizeLinear", [x, scales], attributes)
    let wanted: [Double] = axis == 0 ? [0, 0, 0, 0, 4, 2, 2, 1] : [0, 1, 1, 2, 1, 1, 1, 1]
    #expect(try result.numericElements() == wanted)
    let back = try run("DequantizeLinear", [result, scales], attributes)
    let factors: [Double] = axis == 0 ? [1, 2, 4, 8, 1, 2, 4, 8] : [1, 1, 2, 2, 4, 4, 8, 8]
    #expect(try back.numericElements() == zip(wanted, factors).map { $0 * $1 })
  }

  /// A block longer than the axis is one block, also where a file gives the longest length there is.
  @Test(arguments: [4, 5, Int.max]) func blocksMayBeLongerThanTheAxis(block: Int) throws {
    let x = Tensor([Float(2), 4, 6, 8], shape: [1, 4])
    let scale = Tensor([Float(2)], shape: [1, 1])
    let attributes: [String: AttributeValue] = ["axis": .int(1), "block_size": .int(block)]
    let result = try run("QuantizeLinear", [x, scale], attributes)
    #expect(try result.numericElements() == [1, 2, 3, 4])
    #expect(
      try run("DequantizeLinear", [result, scale], attributes).numericElements() == [2, 4, 6, 8])
  }

  /// 1.0 / 0.4 is 2.5 in half precision, a tie; in float32 it lies above.
  @Test func quotientsAreRoundedToTheScalesType() throws {
    let scale = Tensor(Half(0.4))
    let x = Tensor([Half(1)], shape: [1])
    let half = try run("QuantizeLinear", [x, scale])
    #expect(try half.numericElements() == [2])
    let single = try run("QuantizeLinear", [x, scale], ["precision": .int(1)])
    #expect(try single.numericElements() == [3])
  }
}

/// Operators with the less usual element types that the specification allows them.
@Suite struct OperatorTypeTests {
  private func run(
    _ opType: String, _ inputs: [Tensor], _ attributes: [String: AttributeValue] = [:],
    constants: [Tensor] = []
  ) throws -> Tensor {
    var test = TestGraph()
    test.opset = 22
    let values = inputs.enumerated().map { index, tensor in
      let value = test.input("x\(index)")
      test.graph.inputs[index].declared.elementType = tensor.elementType
      return value
    }
    let known = constants.map { test.constant($0) }
    test.graph.outputs = [try test.one(opType, values + known, attributes)]
    return try #require(test.run(inputs).first)
  }

  @Test(arguments: [
    (ElementType.int8, -128.0, 127.0), (.uint8, 0, 255), (.int32, -2_147_483_648, 2_147_483_647),
    (.bool, 0, 1), (.float32, -.infinity, .infinity),
  ]) func extremesOfNothingAreTheTypes(type: ElementType, low: Double, high: Double) throws {
    let nothing = Tensor(zeros: [2, 0], type)
    let axis = Tensor([Int64(1)], shape: [1])
    let most = try run("ReduceMax", [nothing], ["keepdims": .int(0)], constants: [axis])
    #expect(try most.numericElements() == [low, low])
    let least = try run("ReduceMin", [nothing], ["keepdims": .int(0)], constants: [axis])
    #expect(try least.numericElements() == [high, high])
  }

  @Test func reducesBooleans() throws {
    let x = Tensor([true, false, false, false], shape: [2, 2])
    let axis = Tensor([Int64(1)], shape: [1])
    let most = try run("ReduceMax", [x], ["keepdims": .int(0)], constants: [axis])
    #expect(most.elements(as: Bool.self) == [true, false])
  }

  /// A depth of 3 must not be read as the float of these bits.
  @Test func unsignedLongIntegersAreNumbers() throws {
    let indices = Tensor([UInt64(2), 0], shape: [2])
    let values = Tensor([Int32(5), 7], shape: [2])
    let result = try run("OneHot", [indices], constants: [Tensor(UInt64(3)), values])
    #expect(result.elements(as: Int32.self) == [5, 5, 7, 7, 5, 5])
  }

  @Test func integersAreInterpolatedAndCutOffOnce() throws {
    let x = Tensor([UInt8(0), 10, 20, 31], shape: [1, 1, 2, 2])
    let result = try run(
      "Resize", [x], ["mode": .string("linear")],
      constants: [
        Tensor([Float](), shape: [0]), Tensor([Float](), shape: [0]),
        Tensor([Int64(1), 1, 3, 3], shape: [4]),
      ])
    #expect(result.elements(as: UInt8.self) == [0, 5, 10, 10, 15, 20, 20, 25, 31])
  }

  @Test func floatsOfSeveralTypesMeetInTheWidest() throws {
    let x = Tensor([Double(1), 2, 3, 4], shape: [1, 2, 2])
    func two(_ a: Float, _ b: Float) -> Tensor { Tensor([a, b], shape: [2]) }
    let result = try run(
      "BatchNormalization", [x, two(1, 2), two(0, 1), two(1, 2), two(1, 4)],
      ["epsilon": .float(0)])
    #expect(result.elementType == .float64)
    #expect(result.elements(as: Double.self) == [0, 1, 2, 3])
  }

  @Test func integersAreSampledOnAGridOfFloats() throws {
    let x = Tensor([Int32(0), 10, 20, 31], shape: [1, 1, 2, 2])
    let grid = Tensor([Float(0), 0, -1, -1], shape: [1, 1, 2, 2])
    let result = try run("GridSample", [x, grid], ["align_corners": .int(1)])
    #expect(result.elements(as: Int32.self) == [15, 0])
  }

  @Test func smallFloatsAreTested() throws {
    let x = Tensor(
      [Float8E5M2(.infinity, rounding: .init(saturates: false)), Float8E5M2(1)], shape: [2])
    #expect(try run("IsInf", [x]).elements(as: Bool.self) == [true, false])
    #expect(try run("IsNaN", [x]).elements(as: Bool.self) == [false, false])
  }

  /// Files before opset 7 give `PRelu` a slope for each channel.
  @Test func slopesByChannelInOldFiles() throws {
    var test = TestGraph()
    test.opset = 6
    let x = test.input("x")
    let slopes = test.constant(Tensor([Float(2), 3], shape: [2]))
    test.graph.outputs = [try test.one("PRelu", [x, slopes])]
    let result = try test.run([Tensor([Float](repeating: -1, count: 6), shape: [1, 2, 3])])
    #expect(result[0].elements(as: Float.self) == [-2, -2, -2, -3, -3, -3])
  }
}
