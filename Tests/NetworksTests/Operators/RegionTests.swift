// Tests of Networks: operators on regions of feature maps, and blocks put back into images.

import Networks
import ONNXFormat
import Tensors
import Testing

@Suite struct RegionTests {
  static let map = Tensor((0..<16).map(Float.init), shape: [1, 1, 4, 4])

  @Test func aRegionOnTheGridIsTheMeanOfItsPoints() throws {
    let region = Tensor([Float(1), 1, 3, 3], shape: [1, 4])
    let image = Tensor([Int64(0)], shape: [1])
    let attributes: [String: AttributeValue] = [
      "output_height": .int(1), "output_width": .int(1), "sampling_ratio": .int(2),
    ]
    // Points 1.5 and 2.5 without the half-element shift, 1 and 2 with it.
    try expectClose(
      evaluate("RoiAlign", [Self.map, region, image], attributes, opset: 10)[0], [10])
    try expectClose(
      evaluate("RoiAlign", [Self.map, region, image], attributes, opset: 16)[0], [7.5])
  }

  @Test func farAwayRegionsAreZeroAndUnknownImagesRefused() throws {
    let region = Tensor([Float(50), 50, 60, 60], shape: [1, 4])
    let result = try evaluate(
      "RoiAlign", [Self.map, region, Tensor([Int64(0)], shape: [1])], opset: 16)[0]
    #expect(result.elements(as: Float.self) == [0])
    #expect(throws: (any Error).self) {
      try evaluate("RoiAlign", [Self.map, region, Tensor([Int64(1)], shape: [1])], opset: 16)
    }
    let endless = Tensor([Float(0), 0, .infinity, .nan], shape: [1, 4])
    #expect(throws: (any Error).self) {
      try evaluate("RoiAlign", [Self.map, endless, Tensor([Int64(0)], shape: [1])], opset: 16)
    }
  }

  @Test func pooledRegionsTakeTheLargest() throws {
    let region = Tensor([Float(0), 0, 0, 3, 1], shape: [1, 5])
    let result = try evaluate(
      "MaxRoiPool", [Self.map, region], ["pooled_shape": .ints([2, 2])], opset: 7)[0]
    #expect(result.elements(as: Float.self) == [1, 3, 5, 7])
    let bad = Tensor([Float.nan, 0, 0, 3, 1], shape: [1, 5])
    #expect(throws: (any Error).self) {
      try evaluate("MaxRoiPool", [Self.map, bad], ["pooled_shape": .ints([2, 2])], opset: 7)
    }
  }

  @Test func overlappingBlocksAddUp() throws {
    let columns = Tensor([Float](repeating: 1, count: 16), shape: [1, 4, 4])
    let (image, block) = (Tensor([Int64(3), 3], shape: [2]), Tensor([Int64(2), 2], shape: [2]))
    let result = try evaluate("Col2Im", [columns, image, block], opset: 18, constants: [1, 2])[0]
    #expect(result.elements(as: Float.self) == [1, 2, 1, 2, 4, 2, 1, 2, 1])
    #expect(throws: (any Error).self) {
      try evaluate(
        "Col2Im", [columns, Tensor([Int64(9), 9], shape: [2]), block], opset: 18,
        constants: [1, 2])
    }
  }

  @Test func cachesAreWrittenWhereTheyShould() throws {
    let cache = Tensor([Float](repeating: 0, count: 8), shape: [2, 4, 1])
    let update = Tensor([Float(1), 2, 3, 4], shape: [2, 2, 1])
    let starts = Tensor([Int64(1), 3], shape: [2])
    let circular = try evaluate(
      "TensorScatter", [cache, update, starts], ["mode": .string("circular")], opset: 24)[0]
    #expect(circular.elements(as: Float.self) == [0, 1, 2, 0, 4, 0, 0, 3])
    #expect(throws: (any Error).self) {
      try evaluate("TensorScatter", [cache, update, starts], opset: 24)
    }
    let beginning = try evaluate("TensorScatter", [cache, update], opset: 24)[0]
    #expect(beginning.elements(as: Float.self) == [1, 2, 0, 0, 3, 4, 0, 0])
  }
}
