// Room: Networks. Pass: a convolution and the 1 × 1 convolution of its result are computed together.

internal import Tensors

/// Makes one `FusedConvolutions` of a depthwise or 1 × 1 convolution and a 1 × 1 convolution that
/// alone uses its result: separable convolutions, and the hidden layers of networks that keep
/// channels first.
///
/// Only where what lies between them is too large for the cache. It comes late, when convolutions
/// have taken in biases, activations and sums.
package struct ConvolutionChaining: GraphPass {
  package let name = "convolution-chaining"
  package let isFinal = true

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.contains(ConvOperator.self) else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    for index in rewriter.nodes.indices {
      if let node = chained(rewriter.nodes[index], &rewriter) {
        rewriter.replace(at: index, with: node)
      }
    }
    return try rewriter.finished()
  }

  private func chained(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard let second = node.implementation as? ConvOperator, let between = node.input(0),
      rewriter.isUsedOnce(between),
      let (start, first) = rewriter.producer(of: between, ConvOperator.self), !first.addsResidual,
      let facts = rewriter.facts(between), facts.elementType == .float32,
      ConvolutionChain.isWorthwhile(between: facts.shape),
      let early = rewriter.shapes(start, first), let late = rewriter.shapes(node, second),
      late.groups == 1, late.isPointwise,
      early.isDepthwise || early.groups == 1 && early.isPointwise
    else { return nil }
    let inputs = (0..<3).map { start.input($0) } + (1..<4).map { node.input($0) }
    var result = node.replaced(
      by: "Conv", FusedConvolutions(first, second), inputs: inputs)
    result.name = node.name
    return result
  }
}

extension ConvolutionShapes {
  /// Each output channel sees one input channel.
  fileprivate var isDepthwise: Bool { groupInputs == 1 && groups > 1 }
}
