// Room: Networks. The operator BatchNormalization.

internal import Tensors

/// Channels shifted and scaled by given statistics; in training mode by the batch's own, which are
/// then mixed into the running ones.
///
/// **Source**: ONNX BatchNormalization, opsets 6 (`is_test`), 7 (`spatial` 0: every element has
/// statistics of its own), 9, 14 (`training_mode`), 15.
package struct BatchNormalizationOperator: Operator {
  package let epsilon: Double
  private let momentum: Double
  package let trains: Bool
  package let isByElement: Bool

  package init(_ node: NodeDescription) throws {
    epsilon = Double(try node.float("epsilon", default: 1e-5))
    momentum = Double(try node.float("momentum", default: 0.9))
    trains = try node.flag("training_mode")
    isByElement = try node.opset < 9 && !node.flag("spatial", default: true)
    guard try node.opset >= 7 || node.flag("is_test") else {
      throw OperatorFault.unsupported("training (is_test = 0)")
    }
  }

  package var widening: Widening { [.halves, .mixedFloats] }
  package var inPlaceInputs: [Int] { trains ? [] : [0] }

  /// What each channel is multiplied with and what is added to it, as constants that broadcast; nil
  /// where these are not known beforehand.
  func affine(
    _ node: GraphNode, _ rewriter: inout GraphRewriter
  ) -> (scale: ValueID, shift: ValueID)? {
    guard !trains, !isByElement, let rank = rewriter.facts(node.input(0))?.shape.rank, rank >= 2
    else { return nil }
    var given: [[Float]] = []
    for index in 1...4 {
      guard let tensor = rewriter.constant(node.input(index)), tensor.elementType == .float32,
        tensor.shape.rank == 1
      else { return nil }
      given.append(tensor.elements(as: Float.self))
    }
    let scales = zip(given[0], given[3]).map { Double($0) / (Double($1) + epsilon).squareRoot() }
    let shifts = zip(zip(given[1], given[2]), scales).map { Double($0.0) - Double($0.1) * $1 }
    let shape = Shape([scales.count] + [Int](repeating: 1, count: rank - 2))
    return (
      rewriter.addConstant(Tensor(scales.map { Float($0) }, shape: shape), "scale"),
      rewriter.addConstant(Tensor(shifts.map { Float($0) }, shape: shape), "shift")
    )
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(5...5)
    let input = try inputs.required(0, rank: 1...64)
    let channels = input.shape.rank > 1 ? input.shape[1] : 1
    let expected = isByElement ? Array(input.shape.dimensions.dropFirst()) : [channels]
    for index in 1...4 {
      let shape = try inputs.required(index).shape
      guard shape.dimensions == expected else {
        throw OperatorFault.invalid("input \(index) of shape \(shape) is not \(expected)")
      }
    }
    return [
      TensorFacts(input.elementType, input.shape),
      TensorFacts(try inputs.required(3).elementType, [channels]),
      TensorFacts(try inputs.required(4).elementType, [channels]), nil, nil,
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    guard Set((1...4).map { inputs[$0]?.elementType }).count == 1,
      inputs[1]?.elementType == inputs[0]?.elementType
    else { throw OperatorFault.unsupported("statistics of another element type") }
    var shape = try inputs.required(0).shape
    if isByElement {
      shape = try Shape(
        checking: [shape[0], shape.dimensions.dropFirst().reduce(1, *)])
    }
    return try RealKernel.make(
      inputs.required(0).elementType,
      BatchBody(
        images: shape.rank > 1 ? shape[0] : shape.count,
        channels: shape.rank > 1 ? shape[1] : 1,
        plane: shape.rank > 1 ? shape.dimensions[2...].reduce(1, *) : 1, epsilon: epsilon,
        momentum: momentum, trains: trains))
  }
}

private struct BatchBody: RealBody {
  var images: Int
  var channels: Int
  var plane: Int
  var epsilon: Double
  var momentum: Double
  var trains: Bool

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      let given = try (1...4).map { try arguments.input($0).elements(as: T.self) }
      var (means, variances) = (given[2].map(Double.init), given[3].map(Double.init))
      try arguments.input(0).withElements(of: T.self) { input in
        guard let x = input.baseAddress, let y = target.baseAddress, !target.isEmpty else { return }
        if trains {
          for channel in 0..<channels {
            (means[channel], variances[channel]) = moments(x, channel)
          }
          for (index, statistics) in [means, variances].enumerated()
          where index + 1 < arguments.outputs.count {
            guard let running = arguments.outputs[index + 1] else { continue }
            let result = running.plannedDestination(of: T.self)
            for channel in 0..<channels {
              result[channel] = T(
                Double(given[index + 2][channel]) * momentum
                  + statistics[channel] * (1 - momentum))
            }
          }
        }
        let (mean, variance) = (means, variances)
        Parallel.items(images * channels, nanoseconds: Double(plane) * 0.3) { item in
          let channel = item % channels
          let scale =
            Double(given[0][channel]) / (variance[channel] + epsilon).squareRoot()
          RowMoments.affine(
            x + item * plane, y + item * plane, count: plane, scale: T(scale),
            shift: T(Double(given[1][channel]) - mean[channel] * scale))
        }
      }
    }
  }

  private func moments<T: Real>(_ x: UnsafePointer<T>, _ channel: Int) -> (Double, Double) {
    let count = Double(images * plane)
    var (sum, squares) = (0.0, 0.0)
    for image in 0..<images {
      let row = x + (image * channels + channel) * plane
      for index in 0..<plane { sum += Double(row[index]) }
    }
    let mean = sum / count
    for image in 0..<images {
      let row = x + (image * channels + channel) * plane
      for index in 0..<plane {
        let difference = Double(row[index]) - mean
        squares += difference * difference
      }
    }
    return (mean, squares / count)
  }
}
