// Tests of Tensors: shapes of convolutions, their operands from a seed, and their definition.

internal import Foundation
import TestSupport
import Tensors
import Testing

struct ConvolutionCase: CustomTestStringConvertible, Sendable {
  var batch = 1
  var inChannels = 1, outChannels = 1, groups = 1
  var height = 1, width = 1
  var kernel = (1, 1), strides = (1, 1), dilations = (1, 1)
  var padding = Padding2D()
  var activation = Activation.none
  var hasBias = true, hasResidual = false

  var testDescription: String {
    "\(batch)x\(inChannels)->\(outChannels)/\(groups) \(height)x\(width) k\(kernel) s\(strides) "
      + "d\(dilations) p\(padding.top),\(padding.left),\(padding.bottom),\(padding.right) "
      + "\(activation) \(hasBias) \(hasResidual)"
  }

  /// Many shapes, from a seed.
  static func random(_ count: Int, seed: UInt64) -> [ConvolutionCase] {
    var generator = SeededGenerator(seed: seed)
    func pick<T>(_ values: [T]) -> T { values.randomElement(using: &generator) ?? values[0] }
    return (0..<count).map { _ in
      var item = ConvolutionCase()
      item.batch = pick([1, 1, 2])
      let depthwise = pick([true, false, false])
      item.groups = depthwise ? pick([2, 5, 16]) : pick([1, 1, 1, 2, 3])
      item.inChannels = item.groups * (depthwise ? 1 : pick([1, 2, 3, 8, 17]))
      item.outChannels = item.groups * (depthwise ? pick([1, 2]) : pick([1, 2, 3, 5, 8, 13, 20]))
      item.kernel = (pick([1, 1, 3, 5, 2]), pick([1, 3, 3, 4, 7]))
      if pick([false, false, true]) { item.kernel = (1, 1) }
      item.strides = (pick([1, 1, 2, 3]), pick([1, 1, 2, 3]))
      item.dilations = (pick([1, 1, 2, 3, 12]), pick([1, 1, 2, 3, 40]))
      item.padding = Padding2D(
        top: pick([0, 1, 2]), left: pick([0, 1, 3]), bottom: pick([0, 1, 2]),
        right: pick([0, 1, 5]))
      let reach = (
        (item.kernel.0 - 1) * item.dilations.0 + 1, (item.kernel.1 - 1) * item.dilations.1 + 1
      )
      item.height =
        max(reach.0 - item.padding.top - item.padding.bottom, 1) + pick([0, 1, 4, 9, 30])
      item.width =
        max(reach.1 - item.padding.left - item.padding.right, 1) + pick([0, 1, 7, 15, 33, 100])
      item.activation = pick([
        .none, .relu, .leakyRelu(slope: 0.1), .clip(low: -0.2, high: 0.3), .function(.tanh),
      ])
      item.hasBias = pick([true, false])
      item.hasResidual = pick([true, false])
      return item
    }
  }
}

extension ConvolutionCase {
  func operands() throws -> (input: Tensor, weights: Tensor, bias: Tensor?, residual: Tensor?) {
    var generator = SeededGenerator(seed: 5)
    func random(_ shape: Shape) -> Tensor {
      Tensor(generator.floats(shape.count), shape: shape)
    }
    let input = random([batch, inChannels, height, width])
    let weights = random([
      outChannels, inChannels / groups, kernel.0, kernel.1,
    ])
    let vertical = WindowAxis(
      taps: kernel.0, stride: strides.0, dilation: dilations.0,
      before: padding.top, after: padding.bottom)
    let horizontal = WindowAxis(
      taps: kernel.1, stride: strides.1, dilation: dilations.1,
      before: padding.left, after: padding.right)
    let output = Shape([
      batch, outChannels, try vertical.outputLength(height),
      try horizontal.outputLength(width),
    ])
    return (
      input, weights, hasBias ? random([outChannels]) : nil,
      hasResidual ? random(output) : nil
    )
  }

  /// The definition, in double precision.
  func naive(
    _ input: Tensor, _ weights: Tensor, _ bias: Tensor?,
    _ residual: Tensor?
  ) throws -> Tensor {
    let (x, w) = (input.elements(as: Float.self), weights.elements(as: Float.self))
    let (b, r) = (bias?.elements(as: Float.self), residual?.elements(as: Float.self))
    let outHeight =
      (height + padding.top + padding.bottom
        - (kernel.0 - 1) * dilations.0 - 1) / strides.0 + 1
    let outWidth =
      (width + padding.left + padding.right
        - (kernel.1 - 1) * dilations.1 - 1) / strides.1 + 1
    let inGroup = inChannels / groups
    let outGroup = outChannels / groups
    var result: [Double] = []
    for n in 0..<batch {
      for o in 0..<outChannels {
        for y in 0..<outHeight {
          for column in 0..<outWidth {
            var sum = b.map { Double($0[o]) } ?? 0
            for c in 0..<inGroup {
              for i in 0..<kernel.0 {
                let row = y * strides.0 + i * dilations.0 - padding.top
                guard row >= 0, row < height else { continue }
                for j in 0..<kernel.1 {
                  let place = column * strides.1 + j * dilations.1 - padding.left
                  guard place >= 0, place < width else { continue }
                  let channel = o / outGroup * inGroup + c
                  let value = x[
                    ((n * inChannels + channel) * height + row) * width + place]
                  let weight = w[((o * inGroup + c) * kernel.0 + i) * kernel.1 + j]
                  sum += Double(value) * Double(weight)
                }
              }
            }
            if let r { sum += Double(r[result.count]) }
            result.append(activated(sum, activation))
          }
        }
      }
    }
    return Tensor(result, shape: [batch, outChannels, outHeight, outWidth])
  }
}

func activated(_ x: Double, _ activation: Activation) -> Double {
  switch activation {
  case .none: x
  case .relu: max(x, 0)
  case .leakyRelu(let slope): x < 0 ? Double(slope) * x : x
  case .clip(let low, let high): min(max(x, Double(low)), Double(high))
  case .function(.tanh, _, _): tanh(x)
  case .function: .nan
  }
}

func bits(_ tensor: Tensor) -> [UInt32] {
  tensor.elements(as: Float.self).map(\.bitPattern)
}
