// Room: Networks. The operator GroupNormalization.

internal import Tensors

/// Groups of channels brought to mean 0 and variance 1, then scaled and shifted.
///
/// **Source**: ONNX GroupNormalization, opsets 18 (scale by group), 21 (by channel).
package struct GroupNormalizationOperator: Operator {
  private let epsilon: Double
  let groups: Int
  private(set) var scalesByGroup: Bool
  /// Applied to each result; set by fusion.
  private(set) var activation = Activation.none

  package init(_ node: NodeDescription) throws {
    epsilon = Double(try node.float("epsilon", default: 1e-5))
    groups = try node.int("num_groups", default: 0)
    scalesByGroup = node.opset < 21
  }

  /// The operator for scale and shift by channel; nil for an absurd number of groups.
  init?(groups: Int, epsilon: Double) {
    guard groups > 0, epsilon.isFinite else { return nil }
    (self.groups, self.epsilon, scalesByGroup) = (groups, epsilon, false)
  }

  /// The same normalisation followed by `activation`.
  func followed(by activation: Activation) -> Self {
    var result = self
    result.activation = activation
    return result
  }

  /// The same normalisation with scale and shift for each channel.
  func scalingByChannel() -> Self {
    var result = self
    result.scalesByGroup = false
    return result
  }

  package var inPlaceInputs: [Int] { [0] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 2...64)
    let type = try inputs.requireSameType([0, 1, 2])
    guard activation == .none || type == .float32 else {
      throw OperatorFault.unsupported("an activation of \(type.rawValue) elements")
    }
    guard groups > 0, input.shape[1] % groups == 0 else {
      throw OperatorFault.invalid("\(input.shape[1]) channels do not divide into \(groups) groups")
    }
    for index in 1...2 {
      let shape = try inputs.required(index).shape
      guard shape.dimensions == [scalesByGroup ? groups : input.shape[1]] else {
        throw OperatorFault.invalid("input \(index) of shape \(shape) does not fit")
      }
    }
    return [TensorFacts(type, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shape = try inputs.required(0).shape
    return try RealKernel.make(
      inputs.required(0).elementType,
      GroupedNormalization(
        groups: shape[0] * groups, channelsInGroup: shape[1] / groups, channels: shape[1],
        plane: shape.dimensions[2...].reduce(1, *), epsilon: epsilon,
        scalesByGroup: scalesByGroup, activation: activation))
  }
}
