// Room: Networks. Pass: 1 × 1 convolutions of enlarged images are computed before these are enlarged.

internal import Tensors

/// Lets a 1 × 1 convolution go before the `Resize` that makes its image larger: a weighted mean of
/// elements, and the same element again, may be taken of what comes out as well as of what goes in.
///
/// The convolution then has a quarter of the work where lengths are doubled. Decoders and generators
/// have such shortcuts. Only where nobody else uses the enlarged image.
package struct LateEnlargement: GraphPass {
  package let name = "late-enlargement"

  /// More channels than before are enlarged only where the convolution had as much to do.
  private static let manyChannels = 40

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.contains(ConvOperator.self), graph.contains(ResizeOperator.self) else {
      return graph
    }
    var rewriter = GraphRewriter(graph, limits: limits)
    var changed = false
    for index in rewriter.nodes.indices {
      guard let node = enlargedLater(index, &rewriter) else { continue }
      rewriter.replace(at: index, with: node)
      changed = true
    }
    return changed ? try rewriter.finished() : graph
  }

  private func enlargedLater(_ index: Int, _ rewriter: inout GraphRewriter) -> GraphNode? {
    let node = rewriter.nodes[index]
    guard let convolution = node.implementation as? ConvOperator, let enlarged = node.input(0),
      node.result != nil, rewriter.isUsedOnce(enlarged),
      let (start, resize) = rewriter.producer(of: enlarged, ResizeOperator.self), resize.averages,
      // What is not linear can only follow what copies; a sum comes last.
      convolution.activation == .none || resize.copies && !convolution.addsResidual,
      let operands = rewriter.operands(of: node),
      let shapes = try? ConvolutionShapes(operands, convolution.window, convolution.groups),
      shapes.isPointwise,
      let large = operands[0]?.shape, let image = start.input(0),
      let facts = rewriter.facts(image), facts.elementType == operands[0]?.elementType,
      isEnlarged(facts.shape, large),
      shapes.outputs <= large[1] || large[1] >= Self.manyChannels,
      let arguments = arguments(start, resize, large, outputs: shapes.outputs, &rewriter)
    else { return nil }
    let small = rewriter.addNode(before: index, like: node, "\(node.name)/small") { _ in
      ("Conv", convolution.withoutResidual(), [image] + node.inputs.dropFirst().prefix(2))
    }
    guard convolution.addsResidual else {
      return node.replaced(by: "Resize", resize, inputs: [small] + arguments)
    }
    guard let added = node.input(3), let sum = try? AddOperator(Self.sum) else { return nil }
    let result = rewriter.addNode(before: index, like: node, "\(node.name)/enlarged") { _ in
      ("Resize", resize, [small] + arguments)
    }
    return node.replaced(by: "Add", sum, inputs: [result, added])
  }

  private static let sum = NodeDescription(
    opType: "Add", opset: Opset.newest, attributes: [:], inputPresence: [true, true])

  private func isEnlarged(_ small: Shape, _ large: Shape) -> Bool {
    small.rank == large.rank && small.rank > 2 && small[0] == large[0] && small[1] == large[1]
      && zip(small.dimensions, large.dimensions).allSatisfy { 0 < $0 && $0 <= $1 }
      && small.count < large.count
  }

  /// What else `Resize` reads: lengths of all axes have the channels that come out.
  private func arguments(
    _ node: GraphNode, _ resize: ResizeOperator, _ large: Shape, outputs: Int,
    _ rewriter: inout GraphRewriter
  ) -> [ValueID?]? {
    var result = Array(node.inputs.dropFirst())
    guard result.count > 2, let sizes = result[2], let count = rewriter.facts(sizes)?.shape.count
    else { return result }
    guard count > 0, resize.namesAllAxes else { return result }
    var lengths = large.dimensions.map(Int64.init)
    lengths[1] = Int64(outputs)
    result[2] = rewriter.addConstant(
      Tensor(lengths, shape: [lengths.count]), "\(node.name)/sizes")
    return result
  }
}
