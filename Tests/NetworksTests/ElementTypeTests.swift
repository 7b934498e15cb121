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
    (.float6e2m3, [4], [0x08, 0xFA, 0x7F], [1, -1, 7.5, 7.5]),
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
