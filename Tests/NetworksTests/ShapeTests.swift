// Tests of Networks: shape inference, and graphs that break an operator's rules.

import Foundation
import Networks
import ONNXFormat
import Tensors
import TestSupport
import Testing

@Suite struct ShapeTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var opType: String
    var inputs: [[Int]]
    var constants: [Int: [Int]] = [:]
    var attributes: [String: AttributeValue] = [:]
    /// nil: the operator must refuse.
    var output: [Int]?

    var testDescription: String { "\(opType) \(inputs) \(attributes.keys.sorted())" }
  }

  static let cases: [Case] = [
    Case(opType: "Conv", inputs: [[1, 4, 9, 9], [8, 4, 3, 3]], output: [1, 8, 7, 7]),
    Case(
      opType: "Conv", inputs: [[2, 4, 9, 9], [8, 2, 3, 3]],
      attributes: ["group": .int(2), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])],
      output: [2, 8, 5, 5]),
    Case(
      opType: "Conv", inputs: [[1, 1, 10], [1, 1, 3]],
      attributes: ["auto_pad": .string("SAME_UPPER"), "strides": .ints([3])], output: [1, 1, 4]),
    Case(opType: "Conv", inputs: [[1, 4, 2, 2], [8, 4, 3, 3]], output: nil),
    Case(opType: "Conv", inputs: [[1, 4, 9, 9], [8, 3, 3, 3]], output: nil),
    Case(opType: "Conv", inputs: [[1, 4, 9, 9], [8, 4, 3, 3], [7]], output: nil),
    Case(
      opType: "Conv", inputs: [[1, 4, 9, 9], [8, 4, 3, 3]], attributes: ["group": .int(0)],
      output: nil),
    Case(
      opType: "Conv", inputs: [[1, 4, 9, 9], [8, 4, 3, 3]], attributes: ["strides": .ints([0, 1])],
      output: nil),
    Case(
      opType: "Conv", inputs: [[1, 4, 9, 9], [8, 4, 3, 3]],
      attributes: ["dilations": .ints([.max, 1])], output: nil),
    Case(
      opType: "Conv", inputs: [[1, 4, 9, 9], [8, 4, 3, 3]],
      attributes: ["pads": .ints([.max, .max, .max, .max])], output: nil),
    Case(
      opType: "ConvTranspose", inputs: [[1, 4, 5, 5], [4, 3, 2, 2]],
      attributes: ["strides": .ints([2, 2])], output: [1, 3, 10, 10]),
    Case(
      opType: "ConvTranspose", inputs: [[1, 4, 5, 5], [4, 3, 2, 2]],
      attributes: ["pads": .ints([9, 9, 9, 9])], output: nil),
    Case(
      opType: "MaxPool", inputs: [[1, 2, 5, 5]],
      attributes: [
        "kernel_shape": .ints([2, 2]), "strides": .ints([2, 2]), "ceil_mode": .int(1),
      ],
      output: [1, 2, 3, 3]),
    Case(opType: "MaxPool", inputs: [[1, 2, 5, 5]], output: nil),
    Case(opType: "Reshape", inputs: [[2, 6], [2]], constants: [1: [3, -1]], output: [3, 4]),
    Case(opType: "Reshape", inputs: [[2, 6], [2]], constants: [1: [0, 0]], output: [2, 6]),
    Case(opType: "Reshape", inputs: [[2, 6], [2]], constants: [1: [-1, -1]], output: nil),
    Case(opType: "Reshape", inputs: [[2, 6], [2]], constants: [1: [5, -1]], output: nil),
    Case(opType: "Reshape", inputs: [[2, 6], [2]], constants: [1: [.max, .max]], output: nil),
    Case(
      opType: "Concat", inputs: [[1, 2], [1, 3]], attributes: ["axis": .int(-1)], output: [1, 5]),
    Case(opType: "Concat", inputs: [[1, 2], [2, 2]], attributes: ["axis": .int(1)], output: nil),
    Case(opType: "Concat", inputs: [[1, 2]], attributes: ["axis": .int(5)], output: nil),
    Case(
      opType: "Slice", inputs: [[10], [1], [1], [1], [1]],
      constants: [1: [8], 2: [.min], 3: [0], 4: [-3]], output: [3]),
    Case(
      opType: "Slice", inputs: [[10], [1], [1], [1], [1]],
      constants: [1: [0], 2: [10], 3: [0], 4: [0]], output: nil),
    Case(
      opType: "Slice", inputs: [[10], [1], [1], [1], [1]],
      constants: [1: [.max], 2: [.min], 3: [0], 4: [.min]], output: [1]),
    Case(
      opType: "Pad", inputs: [[3, 3], [4]], constants: [1: [1, 0, -1, 2]], output: [3, 5]),
    Case(opType: "Pad", inputs: [[3, 3], [4]], constants: [1: [-9, 0, 0, 0]], output: nil),
    Case(
      opType: "Pad", inputs: [[3, 3], [4]], constants: [1: [.max, 0, .max, 0]], output: nil),
    Case(opType: "Tile", inputs: [[2, 3], [2]], constants: [1: [2, .max]], output: nil),
    Case(opType: "Expand", inputs: [[3, 1], [3]], constants: [1: [2, 1, 4]], output: [2, 3, 4]),
    Case(opType: "Expand", inputs: [[3, 1], [1]], constants: [1: [-1]], output: nil),
    Case(opType: "MatMul", inputs: [[2, 1, 3, 4], [5, 4, 6]], output: [2, 5, 3, 6]),
    Case(opType: "MatMul", inputs: [[3, 4], [3, 4]], output: nil),
    Case(opType: "MatMul", inputs: [[], [3]], output: nil),
    Case(opType: "Gather", inputs: [[3, 4], [2]], constants: [1: [0, 9]], output: nil),
    Case(
      opType: "Gather", inputs: [[3, 4], [2]], constants: [1: [0, -1]],
      attributes: ["axis": .int(1)], output: [3, 2]),
    Case(
      opType: "Transpose", inputs: [[2, 3, 4]], attributes: ["perm": .ints([2, 0, 1])],
      output: [4, 2, 3]),
    Case(
      opType: "Transpose", inputs: [[2, 3, 4]], attributes: ["perm": .ints([0, 0, 1])], output: nil),
    Case(opType: "Squeeze", inputs: [[1, 3], [1]], constants: [1: [1]], output: nil),
    Case(opType: "Unsqueeze", inputs: [[3], [2]], constants: [1: [0, 0]], output: nil),
    Case(opType: "ConstantOfShape", inputs: [[2]], constants: [0: [-1, 4]], output: nil),
    Case(opType: "Flatten", inputs: [[2, 3, 4]], attributes: ["axis": .int(2)], output: [6, 4]),
    Case(opType: "Add", inputs: [[2, 3], [4]], output: nil),
    Case(opType: "Where", inputs: [[2], [2], [2]], output: nil),
    Case(
      opType: "GridSample", inputs: [[1, 2, 4, 4], [1, 3, 5, 2]], output: [1, 2, 3, 5]),
    Case(opType: "GridSample", inputs: [[1, 2, 4, 4], [1, 3, 5, 3]], output: nil),
    Case(opType: "GridSample", inputs: [[1, 2, 0, 4], [1, 3, 5, 2]], output: nil),
    Case(opType: "Resize", inputs: [[1, 1, 4, 4]], output: nil),
    Case(opType: "Split", inputs: [[7, 2]], attributes: ["num_outputs": .int(1)], output: [7, 2]),
    Case(opType: "Split", inputs: [[7, 2]], attributes: ["num_outputs": .int(0)], output: nil),
    Case(
      opType: "DepthToSpace", inputs: [[1, 8, 2, 2]], attributes: ["blocksize": .int(2)],
      output: [1, 2, 4, 4]),
    Case(
      opType: "DepthToSpace", inputs: [[1, 7, 2, 2]], attributes: ["blocksize": .int(2)],
      output: nil),
    Case(opType: "LayerNormalization", inputs: [[2, 4], [5]], output: nil),
    Case(opType: "TopK", inputs: [[2, 4], [1]], constants: [1: [9]], output: nil),
    Case(opType: "OneHot", inputs: [[3], [1], [2]], constants: [1: [-4]], output: nil),
    Case(opType: "Relu", inputs: [], output: nil),
    Case(opType: "Softmax", inputs: [[2, 3]], attributes: ["axis": .int(2)], output: nil),
  ]

  @Test(arguments: cases)
  func inference(_ item: Case) throws {
    var test = TestGraph()
    do {
      var inputs: [ValueID?] = []
      var tensors: [Tensor] = []
      for (index, lengths) in item.inputs.enumerated() {
        if let values = item.constants[index] {
          inputs.append(test.ints(values))
        } else {
          inputs.append(test.input("input\(index)"))
          tensors.append(Tensor(zeros: Shape(lengths)))
        }
      }
      test.graph.outputs = [try test.one(item.opType, inputs, item.attributes)]
      let results = try test.run(tensors)
      #expect(results[0].shape.dimensions == item.output)
    } catch {
      #expect(item.output == nil, "\(error)")
      if let error = error as? NetworkError {
        #expect(error.message.contains(item.opType), "\(error)")
        #expect(!error.message.contains("\n"))
      }
    }
  }

  /// Bytes changed at random in small models: planning and running them may fail, never crash.
  @Test(.enabled(if: SharedFolder.exists("conformance")), arguments: 0..<12)
  func damagedModelsDoNotCrash(part: Int) throws {
    let folder = SharedFolder.url.appending(path: "conformance")
    let all = try ONNXTestCase.find(in: folder).filter { testCase in
      // Loops may be told to run for ever, and the light models are large.
      !["loop", "scan", "range", "sequence_map", "light"].contains { testCase.name.contains($0) }
    }
    var random = Generator(seed: UInt64(part) &+ 77)
    for _ in 0..<60 {
      let testCase = all[Int(random.next() % UInt64(all.count))]
      guard var bytes = try? [UInt8](Data(contentsOf: testCase.model)), !bytes.isEmpty else {
        continue
      }
      for _ in 0..<(1 + random.next() % 4) {
        let place = Int(random.next() % UInt64(bytes.count))
        bytes[place] =
          random.next() % 2 == 0 ? UInt8(truncatingIfNeeded: random.next()) : bytes[place] ^ 1
      }
      guard let model = try? ONNXModel(bytes: bytes),
        let network = try? CompiledNetwork(model, options: .init(memoryLimit: 64 << 20)),
        let set = try? testCase.dataSets().first, let files = try? set.inputs(of: model.graph)
      else { continue }
      var inputs: [String: NetworkValue] = [:]
      for (name, value) in files {
        if let value = try? NetworkValue(value, elementType: nil) { inputs[name] = value }
      }
      _ = try? network.run(inputs)
    }
  }
}
