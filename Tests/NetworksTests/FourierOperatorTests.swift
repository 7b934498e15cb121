// Tests of Networks: DFT, STFT, Rfft and Irfft as files ask for them.

import Foundation
import Networks
import TestSupport
import Tensors
import Testing

@Suite struct FourierOperatorTests {
  private let signal: [Float] = [1, -2, 3.5, 0.25, 2, -1, 0.5]

  /// Runs one operator on constant inputs.
  private func run(
    _ opType: String, domain: String = "", opset: Int = 20, _ inputs: [Tensor?],
    _ attributes: [String: AttributeValue] = [:]
  ) throws -> Tensor {
    let type = try #require(OperatorRegistry.type(opType, domain: domain))
    let implementation = try type.init(
      NodeDescription(
        opType: opType, domain: domain, opset: opset, attributes: attributes,
        inputPresence: inputs.map { $0 != nil }))
    let operands = Operands(inputs.map { $0.map { TensorFacts(constant: $0) } })
    let outputs = try implementation.infer(operands)
    let limits = TestGraph.limits
    let kernel = try implementation.prepareWidened(operands, outputs: outputs, limits: limits)
    let results = try Kernel.run(kernel, inputs: inputs, outputs: outputs, limits: limits)
    return try #require(results.first ?? nil)
  }

  private func ints(_ value: Int) -> Tensor { Tensor([Int64(value)], shape: []) }

  /// Bins of the definition, real and imaginary parts.
  private func bins(_ values: [Float], length: Int, count: Int, sign: Double = -1) -> [Double] {
    (0..<count).flatMap { k -> [Double] in
      var (real, imaginary) = (0.0, 0.0)
      for (index, value) in values.prefix(length).enumerated() {
        let angle = sign * 2 * .pi * Double(k * index % length) / Double(length)
        real += Double(value) * cos(angle)
        imaginary += Double(value) * sin(angle)
      }
      return [real, imaginary]
    }
  }

  private func isClose(_ tensor: Tensor, _ expected: [Double], _ bound: Double = 4e-6) throws
    -> Bool
  {
    let values = try tensor.numericElements()
    return values.count == expected.count
      && zip(values, expected).allSatisfy { abs($0 - $1) <= bound }
  }

  @Test(arguments: [(7, false), (7, true), (4, false), (12, false), (12, true), (131, true)])
  func transformsRealSignals(length: Int, isOneSided: Bool) throws {
    let x = Tensor(signal, shape: [1, 7, 1])
    let attributes: [String: AttributeValue] = ["onesided": .int(isOneSided ? 1 : 0)]
    let y = try run("DFT", [x, ints(length), ints(1)], attributes)
    let count = isOneSided ? length / 2 + 1 : length
    #expect(y.shape == [1, count, 2])
    #expect(try isClose(y, bins(signal, length: length, count: count)))
    // Before opset 20 the axis is an attribute.
    var old = attributes
    old["axis"] = .int(1)
    let before = try run("DFT", opset: 17, [x, ints(length)], old)
    #expect(before.elements(as: Float.self) == y.elements(as: Float.self))
    let inverse = try run(
      "DFT", [x, ints(length), ints(1)], ["inverse": .int(1)])
    let expected = bins(signal, length: length, count: length, sign: 1).map { $0 / Double(length) }
    #expect(try isClose(inverse, expected))
  }

  @Test(arguments: [6, 7, 90, 131, 262])
  func inverseGivesTheSignalBack(length: Int) throws {
    var generator = SeededGenerator(seed: 3)
    for type in [ElementType.float32, .float64] {
      let x = Tensor(generator.floats(2 * length * 5), shape: [2, length, 5, 1])
        .converted(to: type)
      let axis = ints(1)
      let half = try run("DFT", [x, nil, axis], ["onesided": .int(1)])
      #expect(half.shape == [2, length / 2 + 1, 5, 2])
      let back = try run(
        "DFT", [half, ints(length), axis], ["onesided": .int(1), "inverse": .int(1)])
      #expect(back.shape == x.shape && back.elementType == type)
      let bound = type == .float32 ? 2e-6 : 1e-14
      #expect(try isClose(back, x.numericElements(), bound))
      let whole = try run("DFT", [x, nil, axis])
      let complex = try run("DFT", [whole, nil, axis], ["inverse": .int(1)])
      #expect(complex.shape == [2, length, 5, 2])
      let pairs = try x.numericElements().flatMap { value -> [Double] in [value, 0] }
      #expect(try isClose(complex, pairs, bound))
    }
  }

  @Test func halvesAreComputedInFloat() throws {
    let x = Tensor(signal, shape: [1, 7, 1])
    let y = try run("DFT", [x.converted(to: .float16), nil, ints(1)])
    #expect(y.elementType == .float16)
    #expect(try isClose(y, bins(signal, length: 7, count: 7), 6e-3))
  }

  @Test func badTransformsAreErrors() {
    let x = Tensor(signal, shape: [1, 7, 1])
    #expect(throws: OperatorFault.self) { try run("DFT", [x, ints(0), ints(1)]) }
    #expect(throws: OperatorFault.self) { try run("DFT", [x, ints(.max), ints(1)]) }
    #expect(throws: OperatorFault.self) { try run("DFT", [x, nil, ints(2)]) }
    #expect(throws: OperatorFault.self) { try run("DFT", [Tensor(signal, shape: [1, 7])]) }
    #expect(throws: OperatorFault.self) { try run("STFT", [x, ints(0), nil, ints(4)]) }
    #expect(throws: OperatorFault.self) { try run("STFT", [x, ints(1), nil, ints(8)]) }
    #expect(throws: OperatorFault.self) {
      try run("Rfft", domain: "com.microsoft", [x], ["signal_ndim": .int(4)])
    }
  }

  @Test(arguments: [true, false])
  func framesAreWeighed(isOneSided: Bool) throws {
    let x = Tensor(signal, shape: [1, 7, 1])
    let weights: [Float] = [0.5, 1, 0.25, -1]
    let y = try run(
      "STFT", [x, ints(3), Tensor(weights, shape: [4])], ["onesided": .int(isOneSided ? 1 : 0)])
    let count = isOneSided ? 3 : 4
    #expect(y.shape == [1, 2, count, 2])
    let expected = [0, 3].flatMap { start in
      bins((0..<4).map { signal[start + $0] * weights[$0] }, length: 4, count: count)
    }
    #expect(try isClose(y, expected))
    // Without a window, the frame's length says how long; a short window leaves zeros.
    let plain = try run("STFT", [x, ints(2), nil, ints(5)])
    #expect(plain.shape == [1, 2, 3, 2])
    let first = bins(Array(signal[0..<5]), length: 5, count: 3)
    #expect(try isClose(plain, first + bins(Array(signal[2..<7]), length: 5, count: 3)))
    let short = try run("STFT", [x, ints(7), Tensor([1, 1] as [Float], shape: [2]), ints(6)])
    #expect(try isClose(short, bins(Array(signal[0..<2]), length: 6, count: 4)))
  }

  @Test func complexSignalsHaveFramesToo() throws {
    let values: [Float] = [1, 2, -1, 0.5, 3, -2, 0, 1]
    let x = Tensor(values, shape: [1, 4, 2])
    let y = try run("STFT", [x, ints(2), nil, ints(2)], ["onesided": .int(0)])
    #expect(y.shape == [1, 2, 2, 2])
    #expect(y.elements(as: Float.self) == [0, 2.5, 2, 1.5, 3, -1, 3, -3])
  }

  @Test(arguments: [1, 2, 3])
  func runtimesOwnTransformsAgreeWithDFT(dimensions: Int) throws {
    var generator = SeededGenerator(seed: 5)
    let x = Tensor(generator.floats(2 * 3 * 5 * 8), shape: [2, 3, 5, 8])
    let attributes: [String: AttributeValue] = [
      "signal_ndim": .int(dimensions), "normalized": .int(0), "onesided": .int(1),
    ]
    let y = try run("Rfft", domain: "com.microsoft", opset: 1, [x], attributes)
    var expected = try run(
      "DFT", [x.reshaped(to: [2, 3, 5, 8, 1]), nil, ints(3)], ["onesided": .int(1)])
    for axis in stride(from: 2, to: 3 - dimensions, by: -1) {
      expected = try run("DFT", [expected, nil, ints(axis)])
    }
    #expect(y.shape == [2, 3, 5, 5, 2])
    #expect(try isClose(y, expected.numericElements(), 1e-5))
    let back = try run("Irfft", domain: "com.microsoft", opset: 1, [y], attributes)
    #expect(back.shape == x.shape)
    #expect(try isClose(back, x.numericElements(), 2e-6))
    var normalized = attributes
    normalized["normalized"] = .int(1)
    let scaled = try run("Rfft", domain: "com.microsoft", opset: 1, [x], normalized)
    let again = try run("Irfft", domain: "com.microsoft", opset: 1, [scaled], normalized)
    #expect(try isClose(again, x.numericElements(), 2e-6))
  }

  @Test func melBandsAreTriangles() throws {
    func matrix(_ bands: Int, _ low: Float, _ high: Float) throws -> Tensor {
      try run(
        "MelWeightMatrix",
        [ints(bands), ints(16), ints(8192), Tensor([low], shape: []), Tensor([high], shape: [])])
    }
    let weights = try matrix(2, 0, 4096)
    #expect(weights.shape == [9, 2])
    let values = weights.elements(as: Float.self)
    #expect(values.allSatisfy { (0...1).contains($0) })
    for band in 0..<2 {
      let column = (0..<9).map { values[$0 * 2 + band] }
      let top = try #require(column.firstIndex(of: 1))
      #expect(column[...top] == column[...top].sorted()[...])
      #expect(column[top...].elementsEqual(column[top...].sorted(by: >)))
    }
    #expect(throws: OperatorFault.self) { try matrix(2, 0, 40_000) }
    #expect(throws: OperatorFault.self) { try matrix(2, 0, .nan) }
  }
}
