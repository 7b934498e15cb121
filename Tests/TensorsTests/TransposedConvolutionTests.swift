// Tests of Tensors: transposed convolution against its definition.

import TestSupport
import Tensors
import Testing

struct TransposedCase: Sendable, CustomTestStringConvertible {
  var channels = (1, 1), groups = 1
  var size = (5, 6), kernel = (3, 3), strides = (1, 1), dilations = (1, 1)
  var padding = Padding2D(), outputPadding = (0, 0)
  var testDescription: String {
    "\(channels)/\(groups) \(size) k\(kernel) s\(strides) d\(dilations) \(padding) +\(outputPadding)"
  }

  static func random(_ count: Int, seed: UInt64) -> [TransposedCase] {
    var generator = SeededGenerator(seed: seed)
    func pick<T>(_ values: [T]) -> T { values.randomElement(using: &generator) ?? values[0] }
    return (0..<count).map { _ in
      let groups = pick([1, 1, 2])
      let kernel = (pick([1, 2, 3, 4]), pick([1, 2, 3, 4, 5]))
      let pad = pick([0, 0, 1])
      return TransposedCase(
        channels: (groups * pick([1, 3, 8]), groups * pick([1, 2, 5, 9])), groups: groups,
        size: (pick([2, 5, 9]), pick([3, 7, 20, 50])), kernel: kernel,
        strides: (pick([1, 2, 3]), pick([1, 2, 2, 4])),
        dilations: (pick([1, 1, 2]), pick([1, 1, 3])),
        padding: Padding2D(top: pad, left: pick([0, 1]), bottom: pick([0, 1]), right: pad),
        outputPadding: (pick([0, 1]), pick([0, 1])))
    }
  }
}

@Suite struct TransposedConvolutionTests {
  /// With some whose windows neither overlap nor leave gaps.
  static let cases =
    TransposedCase.random(100, seed: 31)
    + [(1, (3, 5)), (2, (8, 9)), (1, (20, 1))].flatMap { groups, channels in
      [(2, 2), (1, 4), (3, 5), (4, 1), (8, 8), (2, 16)].map { strides in
        TransposedCase(
          channels: (groups * channels.0, groups * channels.1), groups: groups,
          size: strides.0 == 2 ? (9, 50) : (5, 6), kernel: strides, strides: strides)
      }
    }

  @Test(arguments: cases)
  func agreesWithItsDefinition(item: TransposedCase) throws {
    var generator = SeededGenerator(seed: 3)
    let (inChannels, outChannels) = item.channels
    let x = Tensor(
      generator.floats(2 * inChannels * item.size.0 * item.size.1),
      shape: [2, inChannels, item.size.0, item.size.1])
    let perGroup = outChannels / item.groups
    let w = Tensor(
      generator.floats(inChannels * perGroup * item.kernel.0 * item.kernel.1),
      shape: [inChannels, perGroup, item.kernel.0, item.kernel.1])
    let bias = Tensor(generator.floats(outChannels), shape: [outChannels])
    for variant in KernelVariant.all {
      let convolution = try variant.asCurrent {
        try TransposedConvolution(
          weights: w, bias: bias, strides: item.strides, dilations: item.dilations,
          padding: item.padding, outputPadding: item.outputPadding, groups: item.groups,
          activation: .leakyRelu(slope: 0.1))
      }
      guard let lengths = try? convolution.outputLengths([item.size.0, item.size.1]) else {
        continue
      }
      let size = (height: lengths[0], width: lengths[1])
      let result = try convolution(x)
      #expect(result.shape == [2, outChannels, size.height, size.width])
      let expected = naive(item, x, w, bias, size)
      #expect(worst(result.elements(as: Float.self), expected) < 1e-4, "\(variant.name)")
    }
  }

  /// A volume's transposed convolution is the adjoint of the convolution with the same weights.
  @Test(arguments: VolumeCase.random(40, seed: 5))
  func volumesAreAdjointToConvolution(item: VolumeCase) throws {
    var generator = SeededGenerator(seed: 9)
    guard let lengths = try? zip(item.axes, item.size).map({ try $0.outputLength($1) }) else {
      return
    }
    // What the strides leave over at the end of the image.
    let more = zip(item.axes, zip(item.size, lengths)).map { axis, sizes in
      (sizes.0 + axis.before + axis.after - (axis.taps - 1) * axis.dilation - 1) % axis.stride
    }
    let (inChannels, outChannels) = item.channels
    let w = Tensor(
      generator.floats(
        outChannels * (inChannels / item.groups) * item.axes.reduce(1) { $0 * $1.taps }),
      shape: Shape([outChannels, inChannels / item.groups] + item.axes.map(\.taps)))
    let x = Tensor(
      generator.floats(inChannels * item.size.reduce(1, *)),
      shape: Shape([1, inChannels] + item.size))
    let y = Tensor(
      generator.floats(outChannels * lengths.reduce(1, *)),
      shape: Shape([1, outChannels] + lengths))
    let forward = try Convolution(weights: w, axes: item.axes, groups: item.groups)(x)
    let transposed = try TransposedConvolution(
      weights: w, axes: item.axes, outputPadding: more, groups: item.groups)
    #expect(try transposed.outputLengths(lengths) == item.size)
    let back = try transposed(y)
    func product(_ a: Tensor, _ b: Tensor) -> Double {
      zip(a.elements(as: Float.self), b.elements(as: Float.self)).reduce(0) {
        $0 + Double($1.0) * Double($1.1)
      }
    }
    let (left, right) = (product(forward, y), product(x, back))
    #expect(abs(left - right) < 1e-3 * max(1, abs(left)))
  }

  private func naive(
    _ item: TransposedCase, _ x: Tensor, _ w: Tensor, _ bias: Tensor,
    _ size: (height: Int, width: Int)
  ) -> [Double] {
    let (values, weights) = (x.elements(as: Float.self), w.elements(as: Float.self))
    let biases = bias.elements(as: Float.self)
    let (inChannels, outChannels) = item.channels
    let (perIn, perOut) = (inChannels / item.groups, outChannels / item.groups)
    let plane = size.height * size.width
    var result = (0..<2 * outChannels * plane).map { Double(biases[$0 / plane % outChannels]) }
    for n in 0..<2 {
      for c in 0..<inChannels {
        for o in 0..<perOut {
          for y in 0..<item.size.0 {
            for column in 0..<item.size.1 {
              for i in 0..<item.kernel.0 {
                for j in 0..<item.kernel.1 {
                  let row = y * item.strides.0 + i * item.dilations.0 - item.padding.top
                  let place = column * item.strides.1 + j * item.dilations.1 - item.padding.left
                  guard row >= 0, row < size.height, place >= 0, place < size.width else {
                    continue
                  }
                  let channel = c / perIn * perOut + o
                  let input = ((n * inChannels + c) * item.size.0 + y) * item.size.1 + column
                  let weight = ((c * perOut + o) * item.kernel.0 + i) * item.kernel.1 + j
                  let output =
                    ((n * outChannels + channel) * size.height + row) * size.width + place
                  result[output] += Double(values[input]) * Double(weights[weight])
                }
              }
            }
          }
        }
      }
    }
    return result.map { activated($0, .leakyRelu(slope: 0.1)) }
  }
}
