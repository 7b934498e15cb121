// Room: Networks. Pass: a convolution takes in what precedes and follows it.

internal import Tensors

/// Folds what is done to each channel of a convolution's result by constants (`BatchNormalization`,
/// `Mul`, `Add`, `Sub`, `Div`) into its weights and bias, a `Pad` by zeros before it into its
/// padding, and lets it add another value of the same shape and apply the activation while its
/// results are in registers.
///
/// Only where nobody else uses what lies between.
package struct ConvolutionFusion: GraphPass {
  package let name = "convolution-fusion"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.contains(ConvOperator.self) || graph.contains(ConvTransposeOperator.self) else {
      return graph
    }
    var rewriter = GraphRewriter(graph, limits: limits)
    for index in rewriter.nodes.indices {
      let node = rewriter.nodes[index]
      guard node.result != nil,
        let fused = padded(node, &rewriter) ?? folded(node, &rewriter) ?? summed(node, &rewriter)
          ?? activated(node, &rewriter)
      else { continue }
      rewriter.replace(at: index, with: fused)
    }
    return try rewriter.finished()
  }

  // MARK: Constants

  /// The convolution, either way round, that makes `value` for its only user, bare and with constant
  /// weights.
  private func convolution(
    _ value: ValueID?, _ rewriter: GraphRewriter
  ) -> (node: GraphNode, weights: ChannelWeights)? {
    guard let value, rewriter.isUsedOnce(value), let node = rewriter.producer(of: value),
      node.inputs.count == 2 || node.inputs.count == 3,
      let weights = rewriter.constant(node.input(1)), weights.elementType == .float32,
      weights.shape.rank >= 3, weights.count > 0
    else { return nil }
    var bias: Tensor?
    if let given = node.input(2) {
      guard let constant = rewriter.constant(given), constant.elementType == .float32 else {
        return nil
      }
      bias = constant
    }
    switch node.implementation {
    case let operation as ConvOperator:
      guard operation.activation == .none, !operation.addsResidual else { return nil }
      return ChannelWeights(weights, bias, outputsFirst: true, groups: 1).map { (node, $0) }
    case let operation as ConvTransposeOperator:
      guard operation.activation == .none else { return nil }
      return ChannelWeights(weights, bias, outputsFirst: false, groups: operation.groups)
        .map { (node, $0) }
    default: return nil
    }
  }

  private func folded(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    let pairs: [(Int, Int)]
    switch node.implementation {
    case is BatchNormalizationOperator: pairs = [(0, 1)]
    case is MulOperator, is AddOperator: pairs = [(0, 1), (1, 0)]
    case is SubOperator, is DivOperator: pairs = [(0, 1)]
    default: return nil
    }
    for (own, other) in pairs {
      guard let (convolution, weights) = convolution(node.input(own), rewriter),
        let (factors, terms) = affine(node, other, weights, rewriter)
      else { continue }
      let (made, bias) = weights.changed(factors, terms)
      var result = convolution
      result.outputs = node.outputs
      result.description = nil
      result.inputs = [
        convolution.inputs[0], rewriter.addConstant(made, "\(convolution.name)/weights"),
        rewriter.addConstant(bias, "\(convolution.name)/bias"),
      ]
      return result
    }
    return nil
  }

  /// What a node does to each channel: factors and terms.
  private func affine(
    _ node: GraphNode, _ other: Int, _ weights: ChannelWeights, _ rewriter: GraphRewriter
  ) -> (factors: [Double], terms: [Double])? {
    let count = weights.outputs
    if let normalization = node.implementation as? BatchNormalizationOperator {
      func floats(_ index: Int) -> [Double]? {
        guard let tensor = rewriter.constant(node.input(index)), tensor.elementType == .float32,
          tensor.count == count
        else { return nil }
        return try? tensor.numericElements()
      }
      guard !normalization.trains, !normalization.isByElement, node.inputs.count == 5,
        let scale = floats(1),
        let shift = floats(2), let mean = floats(3), let variance = floats(4)
      else { return nil }
      let factors = (0..<count).map {
        scale[$0] / (variance[$0] + normalization.epsilon).squareRoot()
      }
      return (factors, (0..<count).map { shift[$0] - mean[$0] * factors[$0] })
    }
    guard let values = channelValues(rewriter.constant(node.input(other)), weights) else {
      return nil
    }
    let ones = [Double](repeating: 1, count: count)
    let zeros = [Double](repeating: 0, count: count)
    switch node.implementation {
    case is MulOperator: return (values, zeros)
    case is AddOperator: return (ones, values)
    case is SubOperator: return (ones, values.map { -$0 })
    default:
      guard values.allSatisfy({ $0 != 0 }) else { return nil }
      return (values.map { 1 / $0 }, zeros)
    }
  }

  /// A constant that is one number for each channel of a result with the weights' rank.
  private func channelValues(_ tensor: Tensor?, _ weights: ChannelWeights) -> [Double]? {
    guard let tensor, tensor.elementType == .float32, tensor.shape.rank <= weights.rank,
      tensor.count == 1 || tensor.count == weights.outputs,
      let values = try? tensor.numericElements(), values.allSatisfy(\.isFinite)
    else { return nil }
    if tensor.count == 1 { return [Double](repeating: values[0], count: weights.outputs) }
    let channel = tensor.shape.rank - weights.rank + 1
    guard channel >= 0, tensor.shape[channel] == weights.outputs else { return nil }
    return values
  }

  // MARK: What the convolution does itself

  /// A convolution whose input is another one's with zeros around.
  private func padded(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard let convolution = node.implementation as? ConvOperator,
      let (pad, operation) = rewriter.producer(of: node.input(0), PadOperator.self),
      let operands = rewriter.operands(of: pad), let pads = operation.zeros(operands),
      pads.count >= 3, pads.prefix(2).allSatisfy({ $0 == (0, 0) }),
      pads.allSatisfy({ $0.before >= 0 && $0.after >= 0 }),
      let made = convolution.padded(by: Array(pads.dropFirst(2)))
    else { return nil }
    var result = node
    result.implementation = made
    result.description = nil
    result.inputs[0] = pad.input(0)
    return result
  }

  private func summed(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    guard node.implementation is AddOperator, node.inputs.count == 2,
      node.input(0) != node.input(1), let result = rewriter.facts(node.result)
    else { return nil }
    // The later convolution takes in the earlier one's result.
    for (own, other) in [(1, 0), (0, 1)] {
      guard let (convolution, _) = convolution(node.input(own), rewriter),
        let operation = convolution.implementation as? ConvOperator, let value = node.input(other),
        rewriter.facts(value)?.shape == result.shape,
        rewriter.facts(node.input(own))?.shape == result.shape,
        let operands = rewriter.operands(of: convolution), operation.hasVectorKernel(operands)
      else { continue }
      var made = convolution
      made.implementation = operation.addingResidual()
      made.description = nil
      made.outputs = node.outputs
      made.inputs += (convolution.inputs.count == 2 ? [nil] : []) + [value]
      return made
    }
    return nil
  }

  private func activated(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> GraphNode? {
    if let value = node.input(0), rewriter.isUsedOnce(value),
      let (convolution, operation) = rewriter.producer(of: value, ConvTransposeOperator.self),
      operation.activation == .none, let activation = node.activation(in: rewriter.graph),
      let operands = rewriter.operands(of: convolution), operation.hasVectorKernel(operands)
    {
      var result = convolution
      result.implementation = operation.followed(by: activation)
      result.description = nil
      result.outputs = node.outputs
      return result
    }
    guard let value = node.input(0), rewriter.isUsedOnce(value),
      let (convolution, operation) = rewriter.producer(of: value, ConvOperator.self),
      operation.activation == .none, let activation = node.activation(in: rewriter.graph),
      // Only float32 weights of at most three spatial dimensions have kernels with an activation.
      let weights = rewriter.constant(convolution.input(1)), weights.elementType == .float32,
      (3...5).contains(weights.shape.rank), weights.count > 0
    else { return nil }
    var result = convolution
    result.implementation = operation.followed(by: activation)
    result.description = nil
    result.outputs = node.outputs
    return result
  }
}

/// A convolution's weights and bias, changed channel by channel in double precision.
private struct ChannelWeights {
  let outputs: Int
  var rank: Int { weights.shape.rank }
  private let weights: Tensor
  private let bias: Tensor?
  private let outputsFirst: Bool
  private let groups: Int

  /// Weights `[outputs, …]`, or `[inputs, outputs / groups, …]` as transposed convolutions have them.
  init?(_ weights: Tensor, _ bias: Tensor?, outputsFirst: Bool, groups: Int) {
    (self.weights, self.bias) = (weights, bias)
    (self.outputsFirst, self.groups) = (outputsFirst, groups)
    guard groups > 0, weights.shape[0] % groups == 0 else { return nil }
    let (count, overflow) = weights.shape[1].multipliedReportingOverflow(by: groups)
    outputs = outputsFirst ? weights.shape[0] : count
    guard !overflow, bias.map({ $0.count == outputs }) ?? true else { return nil }
  }

  func changed(_ factors: [Double], _ terms: [Double]) -> (weights: Tensor, bias: Tensor) {
    // Which output each run of so many weights belongs to: made again by whoever packs them, so that
    // they are not held beside the packed ones.
    let own = weights.shape[1]
    let row =
      outputsFirst ? weights.count / max(outputs, 1) : weights.shape.dimensions[2...].reduce(1, *)
    let inputsPerGroup = weights.shape[0] / groups
    let (source, outputsFirst) = (weights, outputsFirst)
    let scaled = Tensor(
      deriving: "scaled outputs",
      settings: [outputsFirst ? 1 : 0, groups]
        + factors.map { Int(bitPattern: UInt(truncatingIfNeeded: $0.bitPattern)) },
      from: [weights], .float32, weights.shape
    ) { target in
      let values = target.assumingMemoryBound(to: Float.self)
      source.withWeights(of: Float.self) { weights in
        guard row > 0 else { return }
        for run in 0..<weights.count / row {
          let channel = outputsFirst ? run : run / own / inputsPerGroup * own + run % own
          let factor = factors[channel]
          for index in run * row..<(run + 1) * row {
            values[index] = Float(Double(weights[index]) * factor)
          }
        }
      }
    }
    let old = bias?.elements(as: Float.self) ?? [Float](repeating: 0, count: outputs)
    let new = (0..<outputs).map { Float(Double(old[$0]) * factors[$0] + terms[$0]) }
    return (scaled, Tensor(new, shape: [outputs]))
  }
}
