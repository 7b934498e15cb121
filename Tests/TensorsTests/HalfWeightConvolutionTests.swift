// Tests of Tensors: convolutions whose weights stay in half precision.

import TestSupport
import Tensors
import Testing

@Suite struct HalfWeightConvolutionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var channels: (Int, Int), kernel: (Int, Int), size: (Int, Int)
    var strides = (1, 1), dilations = (1, 1), groups = 1
    var isTransposed = false

    var testDescription: String {
      "\(channels)/\(groups) k\(kernel) \(size) s\(strides) d\(dilations)"
        + (isTransposed ? " transposed" : "")
    }
  }

  /// One for each way to compute a convolution, with a last panel that is not full.
  static let cases = [
    Case(channels: (190, 181), kernel: (1, 1), size: (20, 31)),
    Case(channels: (190, 181), kernel: (1, 1), size: (5, 7)),
    Case(channels: (64, 131), kernel: (3, 3), size: (17, 21), strides: (2, 2)),
    Case(channels: (64, 130), kernel: (3, 3), size: (7, 9), dilations: (3, 3)),
    Case(channels: (64, 131), kernel: (1, 7), size: (9, 48)),
    Case(channels: (64, 131), kernel: (1, 7), size: (9, 20), groups: 2),
    Case(channels: (64, 133), kernel: (3, 3), size: (12, 16)),
    Case(channels: (9, 9), kernel: (201, 181), size: (203, 185), groups: 9),
    Case(channels: (70, 61), kernel: (4, 4), size: (9, 10), strides: (4, 4), isTransposed: true),
    Case(channels: (190, 181), kernel: (4, 4), size: (9, 10), strides: (2, 2), isTransposed: true),
    Case(channels: (190, 181), kernel: (3, 5), size: (9, 10), strides: (1, 3), isTransposed: true),
  ]

  @Test(arguments: cases, [ElementType.float16, .bfloat16])
  func givesTheBitsOfWidenedWeightsInHalfTheMemory(item: Case, type: ElementType) throws {
    var generator = SeededGenerator(seed: 12)
    let (groups, inside, outside) = (item.groups, item.channels.0, item.channels.1)
    let (a, b) = item.isTransposed ? (inside, outside) : (outside, inside)
    let (first, second) = (a / groups * groups, b / groups)
    let shape: Shape = [first, second, item.kernel.0, item.kernel.1]
    let halves = Tensor(generator.floats(shape.count), shape: shape).converted(to: type)
    let outputs = item.isTransposed ? second * groups : first
    let bias = Tensor(generator.floats(outputs), shape: [outputs])
    let images: Shape = [
      2, item.isTransposed ? first : second * groups, item.size.0, item.size.1,
    ]
    let x = Tensor(generator.floats(images.count), shape: images)
    func convolved(_ weights: Tensor) throws -> Tensor {
      if item.isTransposed {
        return try TransposedConvolution(
          weights: weights, bias: bias, strides: item.strides, groups: groups)(x)
      }
      return try Convolution(
        weights: weights, bias: bias, strides: item.strides, dilations: item.dilations,
        padding: Padding2D(1), groups: groups, activation: .relu)(x)
    }
    for variant in KernelVariant.all {
      try variant.asCurrent {
        let expected = try convolved(halves.converted(to: .float32))
        #expect(try bits(convolved(halves.widenedWeights())) == bits(expected), "\(variant.name)")
      }
    }
    // Weights for a direct sum take two bytes each.
    let direct = halves.widenedWeights()
    let account = MemoryAccount(limit: 1 << 30)
    try account.asCurrent {
      let axes = [item.kernel.0, item.kernel.1].map { WindowAxis(taps: $0, stride: 1) }
      guard !item.isTransposed, groups == 1 else { return }
      let convolution = try Convolution(
        weights: direct, bias: bias, axes: axes, groups: groups, directly: true)
      _ = try convolution.plan(for: [item.size.0, item.size.1])
      #expect(account.used < shape.count * 5 / 2 + (96 << 10))
    }
  }

  /// Winograd's weights that are made in each run, from halves as from floats.
  @Test func weightsMadeInEachRunComeFromHalves() throws {
    var generator = SeededGenerator(seed: 79)
    let (channels, outputs, side) = (512, 483, 28)
    let halves = Tensor(
      generator.floats(outputs * channels * 9), shape: [outputs, channels, 3, 3]
    ).converted(to: .float16)
    let x = Tensor(generator.floats(channels * side * side), shape: [1, channels, side, side])
    let results = try [halves.widenedWeights(), halves.converted(to: .float32)].map { weights in
      let convolution = try Convolution(weights: weights, padding: Padding2D(1))
      #expect(try convolution.plan(for: [side, side]).scratchWords(batch: 1) ?? 0 > 0)
      return bits(try convolution(x))
    }
    #expect(results[0] == results[1])
  }
}
