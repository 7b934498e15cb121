// Room: Networks. Pass: a convolution takes in the normalisation and the activation that follow it.

internal import Tensors

/// Folds a `BatchNormalization` with constant statistics into the weights of the `Conv` before it,
/// and lets the `Conv` apply the activation behind it while its results are in registers.
///
/// Only where nobody else uses what lies between.
package struct ConvolutionFusion: GraphPass {
  package let name = "convolution-fusion"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    var result = graph
    let uses = graph.useCounts()
    let isOutput = Set(graph.outputs)
    // The place of the convolution that makes each value, in the new graph's nodes.
    var convolution: [ValueID: Int] = [:]
    result.nodes = []
    for node in graph.nodes {
      if let source = node.inputs.first ?? nil, let place = convolution[source],
        uses[source] == 1, !isOutput.contains(source), let output = node.outputs.first ?? nil,
        node.outputs.dropFirst().allSatisfy({ $0 == nil }),
        let fused = try fused(result.nodes[place], with: node, in: &result)
      {
        convolution[source] = nil
        result.nodes[place] = fused
        result.nodes[place].outputs = [output]
        convolution[output] = place
        continue
      }
      if node.implementation is ConvOperator, let output = node.outputs.first ?? nil {
        convolution[output] = result.nodes.count
      }
      result.nodes.append(node)
    }
    return result
  }

  private func fused(
    _ convolution: GraphNode, with next: GraphNode, in graph: inout Graph
  ) throws(NetworkError) -> GraphNode? {
    guard let operation = convolution.implementation as? ConvOperator,
      case .none = operation.activation
    else { return nil }
    var node = convolution
    if let normalization = next.implementation as? BatchNormalizationOperator {
      guard let folded = folded(convolution, normalization, next, graph) else { return nil }
      let weights = graph.addValue("\(convolution.name)/weights")
      let bias = graph.addValue("\(convolution.name)/bias")
      graph.constants[weights] = folded.weights
      graph.constants[bias] = folded.bias
      node.inputs = [convolution.inputs[0], weights, bias]
      return node
    }
    guard isFloat(convolution, graph), let activation = activation(next, graph) else { return nil }
    node.implementation = operation.followed(by: activation)
    return node
  }

  /// Only float32 weights of at most three spatial dimensions have kernels with an activation.
  private func isFloat(_ node: GraphNode, _ graph: Graph) -> Bool {
    guard let weights = node.inputs.count > 1 ? node.inputs[1] : nil,
      let tensor = graph.constants[weights]
    else { return false }
    return tensor.elementType == .float32 && (3...5).contains(tensor.shape.rank)
      && tensor.count > 0
  }

  private func activation(_ node: GraphNode, _ graph: Graph) -> Activation? {
    if let unary = node.implementation as? any UnaryOperator, let vector = unary.vectorFunction {
      switch vector.function {
      case .relu: return .relu
      case .leakyRelu: return .leakyRelu(slope: vector.p)
      default: return .function(vector.function, vector.p, vector.q)
      }
    }
    if let clip = node.implementation as? ClipOperator {
      func bound(_ index: Int) -> Float?? {
        guard index < node.inputs.count, let value = node.inputs[index] else { return .some(nil) }
        guard let tensor = graph.constants[value], tensor.elementType == .float32, tensor.count == 1
        else { return nil }
        return tensor.elements(as: Float.self)[0]
      }
      guard let low = bound(1), let high = bound(2) else { return nil }
      return .clip(
        low: low ?? clip.low ?? -.infinity, high: high ?? clip.high ?? .infinity)
    }
    return nil
  }

  /// The convolution's weights and bias with the normalisation multiplied in, in double precision.
  private func folded(
    _ convolution: GraphNode, _ normalization: BatchNormalizationOperator, _ node: GraphNode,
    _ graph: Graph
  ) -> (weights: Tensor, bias: Tensor)? {
    func floats(_ value: ValueID?) -> [Float]? {
      guard let value, let tensor = graph.constants[value], tensor.elementType == .float32 else {
        return nil
      }
      return tensor.elements(as: Float.self)
    }
    guard !normalization.trains, !normalization.isByElement, node.inputs.count == 5,
      convolution.inputs.count >= 2,
      let source = convolution.inputs[1], let weights = graph.constants[source],
      weights.elementType == .float32, weights.shape.rank >= 3, weights.count > 0,
      let scale = floats(node.inputs[1]), let shift = floats(node.inputs[2]),
      let mean = floats(node.inputs[3]), let variance = floats(node.inputs[4])
    else { return nil }
    let outputs = weights.shape[0]
    var bias = [Float](repeating: 0, count: outputs)
    if convolution.inputs.count > 2, let value = convolution.inputs[2] {
      guard let given = floats(value) else { return nil }
      bias = given
    }
    guard [scale, shift, mean, variance, bias].allSatisfy({ $0.count == outputs }) else {
      return nil
    }
    var values = weights.elements(as: Float.self)
    let row = weights.count / outputs
    for output in 0..<outputs {
      let factor =
        Double(scale[output]) / (Double(variance[output]) + normalization.epsilon).squareRoot()
      for index in output * row..<(output + 1) * row {
        values[index] = Float(Double(values[index]) * factor)
      }
      bias[output] = Float(
        (Double(bias[output]) - Double(mean[output])) * factor + Double(shift[output]))
    }
    return (Tensor(values, shape: weights.shape), Tensor(bias, shape: [outputs]))
  }
}
