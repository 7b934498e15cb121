// Room: Networks. Which nodes are activations that a product applies to its results.

internal import Tensors

extension GraphNode {
  /// The activation that this node applies to its first input, if products have it.
  func activation(in graph: Graph) -> Activation? {
    guard result != nil else { return nil }
    if let unary = implementation.asUnary, let vector = unary.vectorFunction {
      switch vector.function {
      case .relu: return .relu
      case .leakyRelu: return .leakyRelu(slope: vector.p)
      default: return .function(vector.function, vector.p, vector.q)
      }
    }
    if let clip = implementation as? ClipOperator,
      inputs.dropFirst().allSatisfy({ value in
        value.map { graph.constants[$0]?.elementType == .float32 } ?? true
      }), let bounds = clip.bounds(self, in: graph)
    {
      return .clip(low: Float(bounds.low), high: Float(bounds.high))
    }
    return nil
  }
}

extension ClipOperator {
  /// The bounds, when they are constants.
  func bounds(_ node: GraphNode, in graph: Graph) -> (low: Double, high: Double)? {
    func bound(_ index: Int) -> Double?? {
      guard let value = node.input(index) else { return .some(nil) }
      guard let tensor = graph.constants[value], tensor.count == 1,
        let number = try? tensor.numericElements().first
      else { return nil }
      return number
    }
    guard let low = bound(1), let high = bound(2) else { return nil }
    return (low ?? ownLow, high ?? ownHigh)
  }

  private var ownLow: Double { low.map(Double.init) ?? -.infinity }
  private var ownHigh: Double { high.map(Double.init) ?? .infinity }
}
