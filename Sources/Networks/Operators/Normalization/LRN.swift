// Room: Networks. The operator LRN.

internal import Tensors

/// Each element divided by a power of the mean square of neighbouring channels.
package struct LRNOperator: Operator {
  private let alpha: Double
  private let beta: Double
  private let bias: Double
  private let size: Int

  package init(_ node: NodeDescription) throws {
    alpha = Double(try node.float("alpha", default: 1e-4))
    beta = Double(try node.float("beta", default: 0.75))
    bias = Double(try node.float("bias", default: 1))
    size = try node.int("size", default: 0)
    guard size > 0 else { throw OperatorFault.invalid("attribute 'size' is \(size)") }
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 2...64)
    return [TensorFacts(input.elementType, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shape = try inputs.required(0).shape
    return try RealKernel.make(
      inputs.required(0).elementType,
      ResponseBody(
        images: shape[0], channels: shape[1], plane: shape.dimensions[2...].reduce(1, *),
        alpha: alpha, beta: beta, bias: bias, size: size))
  }
}

private struct ResponseBody: RealBody {
  var images: Int
  var channels: Int
  var plane: Int
  var alpha: Double
  var beta: Double
  var bias: Double
  var size: Int

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      try arguments.map(T.self, to: T.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress else { return }
        Parallel.items(
          images * channels, nanoseconds: Double(plane) * Double(min(size, channels)) * 2
        ) { item in
          let (image, channel) = (item / channels, item % channels)
          let first = max(0, channel - (size - 1) / 2)
          let last = min(channels - 1, channel + size / 2)
          for index in 0..<plane {
            var sum = 0.0
            for other in first...last {
              let value = Double(x[(image * channels + other) * plane + index])
              sum += value * value
            }
            y[item * plane + index] = T(
              Double(x[item * plane + index])
                / Double.pow(bias + alpha / Double(size) * sum, beta))
          }
        }
      }
    }
  }
}
