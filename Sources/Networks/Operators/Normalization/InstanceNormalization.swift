// Room: Networks. The operator InstanceNormalization.

internal import Tensors

/// Each channel of each image brought to mean 0 and variance 1, then scaled and shifted by channel.
package struct InstanceNormalizationOperator: Operator {
  let epsilon: Double

  package init(_ node: NodeDescription) throws {
    epsilon = Double(try node.float("epsilon", default: 1e-5))
  }

  package var inPlaceInputs: [Int] { [0] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 3...64)
    let type = try inputs.requireSameType([0, 1, 2])
    for index in 1...2 {
      let shape = try inputs.required(index).shape
      guard shape.dimensions == [input.shape[1]] else {
        throw OperatorFault.invalid(
          "input \(index) of shape \(shape) does not fit \(input.shape[1]) channels")
      }
    }
    return [TensorFacts(type, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shape = try inputs.required(0).shape
    return try RealKernel.make(
      inputs.required(0).elementType,
      GroupedNormalization(
        groups: shape[0] * shape[1], channelsInGroup: 1, channels: shape[1],
        plane: shape.dimensions[2...].reduce(1, *), epsilon: epsilon, scalesByGroup: false,
        activation: .none))
  }
}

/// Normalises groups of neighbouring channels; scale and shift by channel or by group, then an
/// activation (of float32 only).
struct GroupedNormalization: RealBody {
  var groups: Int
  var channelsInGroup: Int
  var channels: Int
  var plane: Int
  var epsilon: Double
  var scalesByGroup: Bool
  var activation: Activation

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      try arguments.input(0).withElements(of: T.self) { input in
        try arguments.input(1).withElements(of: T.self) { scales in
          try arguments.input(2).withElements(of: T.self) { shifts in
            guard let x = input.baseAddress, let y = target.baseAddress, !target.isEmpty else {
              return
            }
            let count = channelsInGroup * plane
            let groupsInImage = max(1, channels / channelsInGroup)
            Parallel.items(groups, nanoseconds: Double(count)) { group in
              let (row, result) = (x + group * count, y + group * count)
              let (mean, variance) = RowMoments.meanAndVariance(row, count: count)
              let deviation = 1 / (variance + epsilon).squareRoot()
              for own in 0..<channelsInGroup {
                let place =
                  scalesByGroup
                  ? group % groupsInImage : (group * channelsInGroup + own) % channels
                let scale = deviation * Double(scales[place])
                RowMoments.affine(
                  row + own * plane, result + own * plane, count: plane, scale: T(scale),
                  shift: T(Double(shifts[place]) - mean * scale), activation)
              }
            }
          }
        }
      }
    }
  }
}
