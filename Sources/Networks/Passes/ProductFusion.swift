// Room: Networks. Pass: a product with constant weights takes in the bias, the sum and the activation
// that follow it.

internal import Tensors

/// Makes one `FusedProduct` of a `MatMul` or a `Gemm` with constant float32 weights, the `Add` of a
/// constant bias, the `Add` of another value of the same shape, and the activation behind them.
///
/// Only where nobody else uses what lies between. Products keep their operator's name.
package struct ProductFusion: GraphPass {
  package let name = "product-fusion"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard
      graph.contains(MatMulOperator.self) || graph.contains(GemmOperator.self)
        || graph.contains(FusedProduct.self)
    else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    for index in rewriter.nodes.indices {
      let node = rewriter.nodes[index]
      guard node.result != nil,
        let fused = biased(node, &rewriter) ?? summed(node, &rewriter)
          ?? activated(node, &rewriter)
      else { continue }
      rewriter.replace(at: index, with: fused)
    }
    return try rewriter.finished()
  }

  /// The product that makes `value` for its only user, fused already or about to be.
  private func product(
    _ value: ValueID?, _ rewriter: GraphRewriter
  ) -> (node: GraphNode, operation: FusedProduct, inputs: [ValueID?])? {
    guard let value, rewriter.isUsedOnce(value), let node = rewriter.producer(of: value),
      let x = node.input(0), let weights = rewriter.constant(node.input(1)),
      weights.elementType == .float32, weights.shape.rank == 2, weights.count > 0
    else { return nil }
    switch node.implementation {
    case let fused as FusedProduct:
      return fused.activation == .none ? (node, fused, node.inputs) : nil
    case let matrix as MatMulOperator:
      let operation = FusedProduct(isTransposed: false, packed: matrix.packed)
      return (node, operation, [x, node.input(1)])
    case let gemm as GemmOperator:
      guard gemm.isPlain else { return nil }
      let columns = weights.shape[gemm.transposesB ? 0 : 1]
      if let value = node.input(2) {
        guard let bias = rewriter.constant(value), bias.elementType == .float32,
          isRow(bias, columns)
        else { return nil }
      }
      let operation = FusedProduct(isTransposed: gemm.transposesB, packed: gemm.packed)
      return (node, operation, node.inputs)
    default: return nil
    }
  }

  /// Whether a constant is the same for every row and adds no dimensions.
  private func isRow(_ bias: Tensor, _ columns: Int) -> Bool {
    bias.shape.rank == 0 || bias.shape.dimensions == [columns] || bias.shape.dimensions == [1]
      || bias.shape.dimensions == [1, columns] && columns > 0
  }

  private func fused(
    _ node: GraphNode, _ product: GraphNode, _ operation: FusedProduct, _ inputs: [ValueID?]
  ) -> GraphNode {
    var result = node.replaced(by: product.opType, operation, inputs: inputs)
    result.name = product.name
    return result
  }

  private func biased(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard node.implementation is AddOperator, node.inputs.count == 2 else { return nil }
    for (own, other) in [(0, 1), (1, 0)] {
      guard let (product, operation, inputs) = product(node.input(own), rewriter),
        inputs.count == 2, let value = node.input(other),
        let weights = rewriter.constant(inputs[1]), let bias = rewriter.constant(value),
        bias.elementType == .float32
      else { continue }
      let columns = weights.shape[operation.isTransposed ? 0 : 1]
      if bias.shape.dimensions != [columns], bias.shape.rank > 0 {
        // A bias with more dimensions could add some to the result.
        guard let result = rewriter.facts(node.result)?.shape,
          result == rewriter.facts(node.input(own))?.shape, bias.shape.rank <= result.rank,
          bias.count == 1 || bias.count == columns && bias.shape.dimensions.last == columns
        else { continue }
      }
      return fused(node, product, operation, inputs + [value])
    }
    return nil
  }

  private func summed(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard node.implementation is AddOperator, node.inputs.count == 2,
      node.input(0) != node.input(1), let result = rewriter.facts(node.result)
    else { return nil }
    // The later product takes in the earlier one's result.
    for (own, other) in [(1, 0), (0, 1)] {
      guard let (product, operation, inputs) = product(node.input(own), rewriter),
        inputs.count <= 3, let value = node.input(other),
        rewriter.facts(value)?.shape == result.shape,
        rewriter.facts(node.input(own))?.shape == result.shape
      else { continue }
      return fused(
        node, product, operation, inputs + (inputs.count == 2 ? [nil] : []) + [value])
    }
    return nil
  }

  private func activated(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard let activation = node.activation(in: rewriter.graph),
      let (product, operation, inputs) = product(node.input(0), rewriter)
    else { return nil }
    return fused(node, product, operation.followed(by: activation), inputs)
  }
}
