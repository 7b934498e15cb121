// Room: Networks. Which convolutions passes may hand to kernels with packed weights.

internal import Tensors

extension GraphRewriter {
  /// The lengths of a convolution whose weights and bias are constants, and which kernels compute.
  mutating func shapes(_ node: GraphNode, _ operation: ConvOperator) -> ConvolutionShapes? {
    guard constant(node.input(1)) != nil,
      node.input(2) == nil || constant(node.input(2)) != nil,
      let operands = operands(of: node), operation.hasVectorKernel(operands)
    else { return nil }
    return try? ConvolutionShapes(operands, operation.window, operation.groups)
  }
}
