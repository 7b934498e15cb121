// Room: Networks. The lengths that a convolution works with, checked once.

package import Tensors

/// A convolution's lengths, checked.
package struct ConvolutionShapes: Sendable {
  package let batch: Int
  package let groups: Int
  package let groupInputs: Int
  package let groupOutputs: Int
  package let windows: [Window]

  package var outputs: Int { groups * groupOutputs }
  package var inputPlane: Int { windows.reduce(1) { $0 * $1.length } }
  package var outputPlane: Int { windows.reduce(1) { $0 * $1.output } }
  package var taps: Int { windows.reduce(1) { $0 * $1.kernel } }
  /// Each output position sees one input position, at the same place.
  var isPointwise: Bool { windows.allSatisfy(\.axis.seesItsPlace) }

  package init(
    batch: Int, groups: Int, groupInputs: Int, groupOutputs: Int, windows: [Window]
  ) {
    self.batch = batch
    self.groups = groups
    self.groupInputs = groupInputs
    self.groupOutputs = groupOutputs
    self.windows = windows
  }

  package init(_ inputs: Operands, _ attributes: WindowAttributes, _ groups: Int) throws {
    let input = try inputs.required(0, rank: 3...64).shape
    let weights = try inputs.required(1, rank: input.rank...input.rank).shape
    guard groups > 0, input[1] % groups == 0, weights[0] % groups == 0,
      weights[1] == input[1] / groups
    else {
      throw OperatorFault.invalid(
        "weights of shape \(weights) in \(groups) groups do not fit an input of shape \(input)")
    }
    let kernel = Array(weights.dimensions[2...])
    if let given = attributes.kernel, given != kernel {
      throw OperatorFault.invalid("kernel_shape \(given) is not that of the weights, \(kernel)")
    }
    if let bias = inputs[2], bias.shape.dimensions != [weights[0]] {
      throw OperatorFault.invalid("bias of shape \(bias.shape) does not fit \(weights[0]) outputs")
    }
    batch = input[0]
    self.groups = groups
    groupInputs = weights[1]
    groupOutputs = weights[0] / groups
    windows = try attributes.resolve(spatial: Array(input.dimensions[2...]), kernel: kernel)
  }

  package func output(_ type: ElementType) throws -> TensorFacts {
    try TensorFacts(type, checking: [batch, outputs] + windows.map(\.output))
  }
}
