// Tests of Tensors: convolution in three dimensions against sums of planes.

internal import Foundation
import TestSupport
import Tensors
import Testing

/// A convolution in three dimensions.
struct VolumeCase: CustomTestStringConvertible, Sendable {
  var channels = (1, 1), groups = 1
  var size = [1, 1, 1]
  var axes: [WindowAxis] = []
  var testDescription: String { "\(channels)/\(groups) \(size) \(axes)" }

  static func random(_ count: Int, seed: UInt64) -> [VolumeCase] {
    var generator = SeededGenerator(seed: seed)
    func pick<T>(_ values: [T]) -> T { values.randomElement(using: &generator) ?? values[0] }
    return (0..<count).map { _ in
      let groups = pick([1, 1, 2, 4])
      let axes = (0..<3).map { _ in
        WindowAxis(
          taps: pick([1, 2, 3]), stride: pick([1, 1, 2]), dilation: pick([1, 1, 2]),
          before: pick([0, 1, 2]), after: pick([0, 1]))
      }
      return VolumeCase(
        channels: (groups * pick([1, 3, 8]), groups * pick([1, 4, 9])), groups: groups,
        size: [pick([5, 6]), pick([5, 8]), pick([6, 19, 50])], axes: axes)
    }
  }

  /// Sheet `index` of the result, as the sum over the window's sheets of planar convolutions.
  func sheet(_ index: Int, _ x: Tensor, _ w: Tensor, _ bias: Tensor) throws -> [Double] {
    var sum: [Double] = []
    for tap in 0..<axes[0].taps {
      let place = index * axes[0].stride - axes[0].before + tap * axes[0].dilation
      guard place >= 0, place < size[0] else { continue }
      let plane = try x.sliced(2, place..<place + 1).reshaped(
        to: [2, channels.0, size[1], size[2]])
      let weights = try w.sliced(2, tap..<tap + 1).reshaped(
        to: [channels.1, channels.0 / groups, axes[1].taps, axes[2].taps])
      let part = try Convolution(weights: weights, axes: [axes[1], axes[2]], groups: groups)(plane)
      let values = part.elements(as: Float.self).map(Double.init)
      sum = sum.isEmpty ? values : zip(sum, values).map { $0 + $1 }
    }
    let plane = try axes[1].outputLength(size[1]) * axes[2].outputLength(size[2])
    if sum.isEmpty { sum = [Double](repeating: 0, count: 2 * channels.1 * plane) }
    let biases = bias.elements(as: Float.self)
    return sum.indices.map { max(0, sum[$0] + Double(biases[$0 / plane % channels.1])) }
  }
}

@Suite struct VolumeConvolutionTests {
  @Test(arguments: VolumeCase.random(60, seed: 77))
  func volumesAgreeWithSumsOfPlanes(item: VolumeCase) throws {
    var generator = SeededGenerator(seed: 8)
    let inGroup = item.channels.0 / item.groups
    let x = Tensor(
      generator.floats(2 * item.channels.0 * item.size.reduce(1, *)),
      shape: Shape([2, item.channels.0] + item.size))
    let w = Tensor(
      generator.floats(item.channels.1 * inGroup * item.axes.reduce(1) { $0 * $1.taps }),
      shape: Shape([item.channels.1, inGroup] + item.axes.map(\.taps)))
    let bias = Tensor(generator.floats(item.channels.1), shape: [item.channels.1])
    guard let sheets = try? item.axes[0].outputLength(item.size[0]) else { return }
    for variant in KernelVariant.all {
      let result = try variant.asCurrent {
        try Convolution(
          weights: w, bias: bias, axes: item.axes, groups: item.groups, activation: .relu)(x)
      }
      for sheet in 0..<sheets {
        let expected = try variant.asCurrent { try item.sheet(sheet, x, w, bias) }
        let own = result.sliced(2, sheet..<sheet + 1).elements(as: Float.self)
        #expect(worst(own, expected) < 1e-4, "\(variant.name) sheet \(sheet)")
      }
    }
  }
}
