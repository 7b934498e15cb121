// Room: Networks. Pass: group normalisation from the reshapes it is exported as, and what follows it.

internal import Tensors

/// Recognises an `InstanceNormalization` of channels that are reshaped to groups and back as the
/// `GroupNormalization` that it is, and lets it take in the scale and the shift of each channel and
/// the activation that follow: three passes over memory become one and a half.
///
/// Only where nobody else uses what lies between.
package struct GroupNormalizationFusion: GraphPass {
  package let name = "group-normalization-fusion"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard
      graph.contains(InstanceNormalizationOperator.self)
        || graph.contains(GroupNormalizationOperator.self)
    else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    for index in rewriter.nodes.indices {
      let node = rewriter.nodes[index]
      guard node.result != nil else { continue }
      if let fused = regrouped(node, &rewriter) ?? scaled(node, &rewriter)
        ?? activated(node, &rewriter)
      {
        rewriter.replace(at: index, with: fused)
      }
    }
    return try rewriter.finished()
  }

  /// A group normalisation with constant scale and shift of each channel.
  private struct Found {
    var node: GraphNode
    var operation: GroupNormalizationOperator
    var scale: [Double], shift: [Double]
  }

  /// The bare normalisation that makes `value` for its only user.
  private func normalization(_ value: ValueID?, _ rewriter: inout GraphRewriter) -> Found? {
    guard let value, rewriter.isUsedOnce(value), let node = rewriter.producer(of: value),
      let facts = rewriter.facts(node.input(0)), facts.elementType == .float32,
      facts.shape.rank >= 3,
      let scale = numbers(node.input(1), rewriter), let shift = numbers(node.input(2), rewriter)
    else { return nil }
    let channels = facts.shape[1]
    switch node.implementation {
    case let operation as InstanceNormalizationOperator:
      guard scale.count == channels, shift.count == channels,
        let made = GroupNormalizationOperator(groups: channels, epsilon: operation.epsilon)
      else { return nil }
      return Found(node: node, operation: made, scale: scale, shift: shift)
    case let operation as GroupNormalizationOperator:
      guard operation.activation == .none, operation.groups > 0,
        channels % operation.groups == 0, shift.count == scale.count
      else { return nil }
      let own = operation.scalesByGroup ? channels / operation.groups : 1
      guard scale.count * own == channels else { return nil }
      return Found(
        node: node, operation: operation.scalingByChannel(),
        scale: scale.flatMap { [Double](repeating: $0, count: own) },
        shift: shift.flatMap { [Double](repeating: $0, count: own) })
    default: return nil
    }
  }

  private func numbers(_ value: ValueID?, _ rewriter: GraphRewriter) -> [Double]? {
    guard let tensor = rewriter.constant(value), tensor.elementType == .float32,
      let values = try? tensor.numericElements(), values.allSatisfy(\.isFinite)
    else { return nil }
    return values
  }

  private func made(
    _ found: Found, for node: GraphNode, input: ValueID?, _ rewriter: inout GraphRewriter
  ) -> GraphNode {
    func constant(_ values: [Double], _ name: String) -> ValueID {
      rewriter.addConstant(
        Tensor(values.map { Float($0) }, shape: [values.count]), "\(found.node.name)/\(name)")
    }
    let inputs = [input, constant(found.scale, "scale"), constant(found.shift, "shift")]
    return node.replaced(by: "GroupNormalization", found.operation, inputs: inputs)
  }

  /// A reshape back from an instance normalisation of what was reshaped to groups.
  private func regrouped(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard node.implementation is ReshapeOperator, let inner = node.input(0),
      rewriter.isUsedOnce(inner),
      let (instance, operation) = rewriter.producer(of: inner, InstanceNormalizationOperator.self),
      let (reshape, _) = rewriter.producer(of: instance.input(0), ReshapeOperator.self),
      let source = rewriter.facts(reshape.input(0)), let result = rewriter.facts(node.result),
      let grouped = rewriter.facts(instance.input(0)),
      source.shape == result.shape, source.elementType == .float32, source.shape.rank >= 3,
      grouped.shape.rank >= 3, grouped.shape[0] == source.shape[0], source.shape.count > 0,
      let scale = numbers(instance.input(1), rewriter),
      let shift = numbers(instance.input(2), rewriter)
    else { return nil }
    let (groups, channels) = (grouped.shape[1], source.shape[1])
    guard groups > 0, channels % groups == 0, scale.count == groups, shift.count == groups,
      let made = GroupNormalizationOperator(groups: groups, epsilon: operation.epsilon)
    else { return nil }
    let own = channels / groups
    let found = Found(
      node: instance, operation: made,
      scale: scale.flatMap { [Double](repeating: $0, count: own) },
      shift: shift.flatMap { [Double](repeating: $0, count: own) })
    return self.made(found, for: node, input: reshape.input(0), &rewriter)
  }

  /// A product or a sum with one constant for each channel.
  private func scaled(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    let isProduct = node.implementation is MulOperator
    guard isProduct || node.implementation is AddOperator else { return nil }
    for (own, other) in [(0, 1), (1, 0)] {
      guard let values = rewriter.constant(node.input(other)),
        let facts = rewriter.facts(node.input(own)),
        rewriter.facts(node.result)?.shape == facts.shape,
        let numbers = channelNumbers(values, facts.shape),
        var found = normalization(node.input(own), &rewriter)
      else { continue }
      if isProduct {
        found.scale = zip(found.scale, numbers).map { $0 * $1 }
        found.shift = zip(found.shift, numbers).map { $0 * $1 }
      } else {
        found.shift = zip(found.shift, numbers).map { $0 + $1 }
      }
      return made(found, for: node, input: found.node.input(0), &rewriter)
    }
    return nil
  }

  /// A constant that is one number for each channel of `shape`.
  private func channelNumbers(_ tensor: Tensor, _ shape: Shape) -> [Double]? {
    guard tensor.elementType == .float32, tensor.shape.rank <= shape.rank,
      let values = try? tensor.numericElements(), values.allSatisfy(\.isFinite)
    else { return nil }
    if values.count == 1 { return [Double](repeating: values[0], count: shape[1]) }
    let channel = tensor.shape.rank - shape.rank + 1
    guard values.count == shape[1], channel >= 0, tensor.shape[channel] == shape[1] else {
      return nil
    }
    return values
  }

  private func activated(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard let activation = node.activation(in: rewriter.graph),
      var found = normalization(node.input(0), &rewriter)
    else { return nil }
    found.operation = found.operation.followed(by: activation)
    return made(found, for: node, input: found.node.input(0), &rewriter)
  }
}
