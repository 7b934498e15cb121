// Room: Networks. Pass: products of bytes whose sums are scaled become one operator.

internal import Tensors

/// Makes one `MatMulIntegerToFloat` of a `MatMulInteger` with constant weights, the `Cast` of its sums,
/// the product with their scales and the sum with a bias: what dynamic quantisation exports.
///
/// Only where nobody else uses what lies between.
package struct ScaledProducts: GraphPass {
  package let name = "scaled-products"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard
      graph.contains(MatMulIntegerOperator.self)
        || graph.contains(ComMicrosoftMatMulIntegerToFloatOperator.self)
    else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    for index in rewriter.nodes.indices {
      let node = rewriter.nodes[index]
      if let fused = scaled(node, &rewriter) ?? shifted(node, &rewriter) {
        rewriter.replace(at: index, with: fused)
      }
    }
    return try rewriter.finished()
  }

  private func scaled(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard node.implementation is MulOperator, node.inputs.count == 2, node.result != nil else {
      return nil
    }
    for (own, other) in [(0, 1), (1, 0)] {
      guard let floats = node.input(own), rewriter.isUsedOnce(floats),
        rewriter.facts(floats)?.elementType == .float32,
        let (cast, _) = rewriter.producer(of: floats, CastOperator.self),
        let sums = cast.input(0), rewriter.isUsedOnce(sums),
        let (product, _) = rewriter.producer(of: sums, MatMulIntegerOperator.self),
        let weights = rewriter.constant(product.input(1)), weights.shape.rank == 2,
        weights.count > 0,
        product.input(2) == nil || rewriter.facts(product.input(2))?.shape.count == 1,
        product.input(3) == nil || rewriter.constant(product.input(3)) != nil,
        let scales = rewriter.facts(node.input(other)), scales.elementType == .float32,
        scales.shape.rank <= 1, [1, weights.shape[1]].contains(scales.shape.count),
        rewriter.facts(node.result)?.shape == rewriter.facts(sums)?.shape,
        let operation = try? ComMicrosoftMatMulIntegerToFloatOperator(
          NodeDescription(opType: "MatMulIntegerToFloat", opset: 1))
      else { continue }
      let one = rewriter.addConstant(Tensor(Float(1)), "\(node.name)/one")
      return node.replaced(
        by: "MatMulIntegerToFloat", operation,
        inputs: [
          product.input(0), product.input(1), one, node.input(other), product.input(2),
          product.input(3),
        ])
    }
    return nil
  }

  private func shifted(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard node.implementation is AddOperator, node.inputs.count == 2 else { return nil }
    for (own, other) in [(0, 1), (1, 0)] {
      guard let value = node.input(own), rewriter.isUsedOnce(value),
        let (product, operation) = rewriter.producer(
          of: value, ComMicrosoftMatMulIntegerToFloatOperator.self), product.inputs.count <= 6,
        let bias = rewriter.constant(node.input(other)), bias.elementType == .float32,
        bias.shape.rank == 1, let result = rewriter.facts(node.result),
        result.elementType == .float32, result.shape == rewriter.facts(value)?.shape,
        result.shape.dimensions.last == bias.count
      else { continue }
      let missing = [ValueID?](repeating: nil, count: 6 - product.inputs.count)
      return node.replaced(
        by: "MatMulIntegerToFloat", operation,
        inputs: product.inputs + missing + [node.input(other)])
    }
    return nil
  }
}
