// Room: Networks. Pass: convolutions that nothing mixes afterwards are summed directly.

internal import Tensors

/// Keeps convolutions whose results reach the network's outputs unmixed from Winograd's sums.
///
/// These are off by three times as much as direct ones. In the midst of a network that is lost among
/// what normalisations, activations and the next layer's sums round anyway; in the last layer
/// everybody sees it. It costs little: most last layers have few channels.
package struct LastConvolutions: GraphPass {
  package let name = "last-convolutions"
  package let isFinal = true

  package init() {}

  /// What makes each element of one element of each input, or moves it.
  private static let unmixing: Set<String> = [
    "Add", "Sub", "Mul", "Div", "Max", "Min", "Relu", "LeakyRelu", "PRelu", "Sigmoid",
    "HardSigmoid",
    "Tanh", "Softplus", "Elu", "Selu", "Gelu", "Swish", "HardSwish", "Exp", "Log", "Pow", "Sqrt",
    "Abs", "Neg", "Clip", "Where", "Cast", "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze",
    "Transpose", "Slice", "Split", "Concat", "Gather", "Expand", "Pad", "DepthToSpace",
    "SpaceToDepth",
  ]

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.contains(ConvOperator.self) else { return graph }
    var result = graph
    let uses = graph.useCounts()
    var seen = Set(graph.outputs)
    for index in graph.nodes.indices.reversed() {
      let node = graph.nodes[index]
      guard node.outputs.contains(where: { $0.map(seen.contains) ?? false }) else { continue }
      if let convolution = node.implementation as? ConvOperator {
        result.nodes[index].implementation = convolution.summedDirectly()
        result.nodes[index].description = nil
      } else if node.domain.isEmpty, Self.unmixing.contains(node.opType) {
        // What has other users, as the trunk of a residual network has, is mixed by them.
        for case let input? in node.inputs where uses[input] == 1 { seen.insert(input) }
      }
    }
    return result
  }
}
