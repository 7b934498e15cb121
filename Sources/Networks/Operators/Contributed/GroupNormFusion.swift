// Room: Networks. Group normalisation with an activation, as diffusion networks' optimisers fuse it.

internal import Tensors

/// The attributes that `GroupNorm` and `SkipGroupNorm` share.
package struct GroupNormFusion: Sendable {
  private let epsilon: Float
  private let groups: Int
  private let activates: Bool
  package let isChannelsLast: Bool

  package init(_ node: NodeDescription) throws {
    epsilon = try node.float("epsilon", default: 1e-5)
    groups = try node.int("groups", default: 0)
    isChannelsLast = try node.flag("channels_last", default: true)
    let activation = try node.int("activation", default: 0)
    guard activation == 0 || activation == 1 else {
      throw OperatorFault.unsupported("activation \(activation)")
    }
    activates = activation == 1
  }

  /// The normalised `value`, whose channels lie second.
  package func normalize(_ value: ValueID, in body: inout CompositeBody) throws -> ValueID {
    let scale = try body.one("CastLike", [body.input(1), value])
    let shift = try body.one("CastLike", [body.input(2), value])
    let result = try body.one(
      "GroupNormalization", [value, scale, shift],
      ["epsilon": .float(epsilon), "num_groups": .int(groups)])
    return activates ? try body.one("Swish", [result]) : result
  }
}
