// Tests of Tensors: two convolutions in one pass against one after the other.

internal import Foundation
import TestSupport
import Tensors
import Testing

@Suite struct ConvolutionChainTests {
  /// A first convolution with the lengths of its image, and the channels of the second.
  struct Case: Sendable, CustomTestStringConvertible {
    var channels: Int, between: Int, outputs: Int
    var depthwise = false
    var taps = [1, 1], strides = [1, 1], dilations = [1, 1], before = [0, 0], after = [0, 0]
    var lengths = [1, 1]
    var batch = 1
    var testDescription: String {
      "\(batch)x\(channels)->\(between)->\(outputs) \(depthwise) \(taps) \(strides) \(dilations) "
        + "\(before) \(after) \(lengths)"
    }
  }

  /// Blocks of whole rows, of parts of rows, of one row, and all in one block.
  private static let cases = [
    Case(
      channels: 5, between: 10, outputs: 7, depthwise: true, taps: [3, 3], before: [1, 1],
      after: [1, 1], lengths: [9, 11]),
    Case(
      channels: 64, between: 128, outputs: 9, depthwise: true, taps: [3, 3], before: [1, 1],
      after: [1, 1], lengths: [70, 300]),
    Case(
      channels: 300, between: 300, outputs: 33, depthwise: true, taps: [5, 3], before: [2, 0],
      after: [1, 2], lengths: [37, 101], batch: 2),
    Case(
      channels: 96, between: 192, outputs: 20, depthwise: true, taps: [3, 3], strides: [2, 2],
      before: [1, 1], after: [1, 1], lengths: [83, 241]),
    Case(
      channels: 40, between: 40, outputs: 12, depthwise: true, taps: [3, 3], dilations: [2, 3],
      before: [2, 3], after: [2, 3], lengths: [60, 230]),
    Case(
      channels: 2048, between: 2048, outputs: 3, depthwise: true, taps: [1, 1], lengths: [12, 33]),
    Case(channels: 20, between: 130, outputs: 17, lengths: [61, 97]),
    Case(channels: 3, between: 700, outputs: 2, lengths: [31, 41], batch: 3),
    Case(channels: 6, between: 8, outputs: 4, lengths: [5]),
    Case(channels: 12, between: 90, outputs: 40, lengths: [6, 30, 35]),
  ]

  @Test(arguments: cases, [false, true])
  func oneAfterTheOtherAgrees(item: Case, addsResidual: Bool) throws {
    var generator = SeededGenerator(seed: 71)
    let rank = item.lengths.count
    let groups = item.depthwise ? item.channels : 1
    let taps = item.depthwise ? item.taps : [Int](repeating: 1, count: rank)
    let axes = (0..<rank).map { axis in
      item.depthwise
        ? WindowAxis(
          taps: taps[axis], stride: item.strides[axis], dilation: item.dilations[axis],
          before: item.before[axis], after: item.after[axis]) : WindowAxis(taps: 1)
    }
    func random(_ shape: [Int]) -> Tensor {
      Tensor(generator.floats(shape.reduce(1, *)), shape: Shape(shape))
    }
    let firstWeights = random([item.between, item.channels / groups] + taps)
    let (firstBias, secondBias) = (random([item.between]), random([item.outputs]))
    let ones = [Int](repeating: 1, count: rank)
    let secondWeights = random([item.outputs, item.between] + ones)
    let input = random([item.batch, item.channels] + item.lengths)
    for variant in KernelVariant.all {
      try variant.asCurrent {
        let first = try Convolution(
          weights: firstWeights, bias: firstBias, axes: axes, groups: groups, activation: .relu)
        let second = try Convolution(
          weights: secondWeights, bias: secondBias, axes: ones.map { WindowAxis(taps: $0) },
          activation: .leakyRelu(slope: 0.1))
        let between = try first(input)
        let residual =
          addsResidual
          ? random([item.batch, item.outputs] + between.shape.dimensions.dropFirst(2)) : nil
        let expected = try second(between, residual: residual)
        let chain = try #require(ConvolutionChain(first, second, lengths: item.lengths))
        let result = Tensor(uninitialized: expected.shape, .float32)
        let target = try #require(result.plannedDestination(of: Float.self).baseAddress)
        func run(_ added: UnsafePointer<Float>?) {
          input.withElements(of: Float.self) { source in
            guard let source = source.baseAddress else { return }
            chain.run(input: source, batch: item.batch, residual: added, output: target)
          }
        }
        if let residual {
          residual.withElements(of: Float.self) { run($0.baseAddress) }
        } else {
          run(nil)
        }
        let (x, y) = (result.elements(as: Float.self), expected.elements(as: Float.self))
        let largest = y.reduce(0) { max($0, abs($1)) }
        #expect(zip(x, y).allSatisfy { abs($0 - $1) <= 2e-6 * largest }, "\(variant.name)")
      }
    }
  }

  @Test func othersAreNoChain() throws {
    func convolution(_ shape: [Int], groups: Int = 1, stride: Int = 1) throws -> Convolution {
      let axes = shape.dropFirst(2).map { WindowAxis(taps: $0, stride: stride) }
      return try Convolution(
        weights: Tensor(zeros: Shape(shape), .float32), axes: axes, groups: groups)
    }
    let point = try convolution([4, 4, 1, 1])
    #expect(ConvolutionChain(point, point, lengths: [8, 8]) != nil)
    #expect(ConvolutionChain(point, try convolution([4, 4, 3, 3]), lengths: [8, 8]) == nil)
    #expect(
      ConvolutionChain(point, try convolution([4, 4, 1, 1], stride: 2), lengths: [8, 8]) == nil)
    #expect(
      ConvolutionChain(point, try convolution([4, 2, 1, 1], groups: 2), lengths: [8, 8]) == nil)
    #expect(ConvolutionChain(point, try convolution([4, 5, 1, 1]), lengths: [8, 8]) == nil)
    #expect(ConvolutionChain(try convolution([4, 4, 3, 3]), point, lengths: [8, 8]) == nil)
    #expect(ConvolutionChain(point, try convolution([4, 4, 1]), lengths: [8, 8]) == nil)
  }
}
