// Room: Networks. Pass: 1 × 1 convolutions take in what is done to each channel of their image.

internal import Tensors

/// Makes one `PreparedConvolution` of a 1 × 1 convolution and what stands before it: a normalisation
/// with known statistics, a gate (squeeze and excitation), a scale and shift, an activation, or several
/// of these. Networks that normalise before they convolve (DenseNet, ResNet v2) read every value once
/// instead of three times.
///
/// Only where nobody else uses what lies between. It comes late, when the convolutions before have
/// taken what they can into their results.
package struct ConvolutionPreparation: GraphPass {
  package let name = "convolution-preparation"
  package let isFinal = true

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.contains(ConvOperator.self) else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    var changed = false
    for index in rewriter.nodes.indices {
      guard let node = prepared(rewriter.nodes[index], &rewriter) else { continue }
      rewriter.replace(at: index, with: node)
      changed = true
    }
    return changed ? try rewriter.finished() : graph
  }

  private func prepared(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard let convolution = node.implementation as? ConvOperator, let input = node.input(0),
      rewriter.isUsedOnce(input), (2...4).contains(node.inputs.count),
      let shapes = rewriter.shapes(node, convolution), shapes.isPointwise, shapes.inputPlane > 1,
      let image = rewriter.facts(input)?.shape
    else { return nil }
    var value = input
    var activation = Activation.none
    if let before = rewriter.producer(of: value), let source = before.input(0),
      rewriter.facts(source)?.shape == image, let found = before.activation(in: rewriter.graph)
    {
      (activation, value) = (found, source)
    }
    let steps = value == input || rewriter.isUsedOnce(value) ? steps(value, image, &rewriter) : nil
    guard activation != .none || steps != nil else { return nil }
    let scale =
      steps?.scale
      ?? rewriter.addConstant(
        Tensor([Float](repeating: 1, count: image[1]), shape: Self.channels(image)),
        "\(node.name)/ones")
    let inputs = [
      steps?.image ?? value, node.input(1), node.input(2), node.input(3), scale, steps?.shift,
    ]
    return node.replaced(
      by: "Conv", PreparedConvolution(convolution, activation: activation), inputs: inputs)
  }

  private static func channels(_ image: Shape) -> Shape {
    Shape([image[1]] + [Int](repeating: 1, count: image.rank - 2))
  }

  private struct Steps {
    var image: ValueID
    /// Nil for ones, and for zeros.
    var scale: ValueID?, shift: ValueID?
  }

  /// How `value` is made of an image by a factor and a term for each channel; nil where it is not.
  private func steps(
    _ value: ValueID, _ image: Shape, _ rewriter: inout GraphRewriter
  ) -> Steps? {
    guard let node = rewriter.producer(of: value), node.result != nil else { return nil }
    switch node.implementation {
    case let batch as BatchNormalizationOperator:
      guard let source = node.input(0), isImage(source, image, &rewriter),
        let (scale, shift) = batch.affine(node, &rewriter)
      else { return nil }
      return Steps(image: source, scale: scale, shift: shift)
    case is AddOperator:
      guard let (source, shift) = operands(node, image, &rewriter) else { return nil }
      if rewriter.isUsedOnce(source), let inner = rewriter.producer(of: source),
        inner.implementation is MulOperator,
        let (own, scale) = operands(inner, image, &rewriter)
      {
        return Steps(image: own, scale: scale, shift: shift)
      }
      return Steps(image: source, shift: shift)
    case is MulOperator:
      return operands(node, image, &rewriter).map { Steps(image: $0.image, scale: $0.channels) }
    default: return nil
    }
  }

  /// An operator's operands where one is an image and the other has one number for each channel.
  private func operands(
    _ node: GraphNode, _ image: Shape, _ rewriter: inout GraphRewriter
  ) -> (image: ValueID, channels: ValueID)? {
    guard node.inputs.count == 2 else { return nil }
    for (own, other) in [(0, 1), (1, 0)] {
      guard let source = node.input(own), let channels = node.input(other),
        isImage(source, image, &rewriter), let facts = rewriter.facts(channels),
        facts.elementType == .float32,
        facts.shape.channelStep(in: image) != nil
      else { continue }
      return (source, channels)
    }
    return nil
  }

  private func isImage(
    _ value: ValueID, _ image: Shape, _ rewriter: inout GraphRewriter
  ) -> Bool {
    guard let facts = rewriter.facts(value) else { return false }
    return facts.elementType == .float32 && facts.shape == image
  }
}
