// Room: Networks. The operator Clip.

internal import Tensors

/// Each element, no smaller than a lower and no larger than an upper bound, where these are given.
///
/// **Source**: ONNX Clip, opsets 6 (bounds as attributes), 11 (as inputs), 12 (integers).
package struct ClipOperator: Operator {
  /// The bounds before opset 11, which had them as attributes.
  package let low: Float?
  package let high: Float?

  package init(_ node: NodeDescription) throws {
    // The attributes' defaults are the finite bounds, so that infinities are clipped, too.
    let bound = Float.greatestFiniteMagnitude
    low = node.opset < 11 ? try node.float("min", default: -bound) : nil
    high = node.opset < 11 ? try node.float("max", default: bound) : nil
  }

  /// The bounds, where they are known before running.
  func bounds(of node: GraphNode, _ rewriter: GraphRewriter) -> (Float, Float)? {
    var bounds: [Float] = [low ?? -.infinity, high ?? .infinity]
    for index in 1...2 {
      guard let value = node.input(index) else { continue }
      guard let bound = rewriter.constant(value)?.elements(as: Float.self).first else { return nil }
      bounds[index - 1] = bound
    }
    return (bounds[0], bounds[1])
  }

  package var widening: Widening { [.halves, .integers] }
  package var inPlaceInputs: [Int] { [0] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let type = try inputs.requireSameType([0, 1, 2])
    for index in 1...2 {
      if let bound = inputs[index], bound.shape.count != 1 {
        throw OperatorFault.invalid("input \(index) of shape \(bound.shape) is no scalar")
      }
    }
    return [TensorFacts(type, try inputs.required(0).shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    if try inputs.required(0).elementType == .float32 {
      return Kernel(name: "vector") { [low, high] arguments in
        func bound(_ index: Int, _ attribute: Float?) -> Float? {
          arguments.optionalInput(index)?.withElements(of: Float.self) { $0.first } ?? attribute
        }
        let (low, high) = (bound(1, low) ?? -.infinity, bound(2, high) ?? .infinity)
        try arguments.map(Float.self, to: Float.self) { source, target in
          guard let x = source.baseAddress, let y = target.baseAddress else { return }
          VectorMath.apply(.clip, low, high, x, y, count: source.count)
        }
      }
    }
    return try inputs.required(0).elementType.computing(ClipBody(low: low, high: high))
  }
}

private struct ClipBody: NumberBody {
  let low: Float?
  let high: Float?

  func run<T: Number>(_: T.Type) throws -> Kernel {
    Kernel { [low, high] arguments in
      func bound(_ index: Int, _ attribute: Float?) -> T? {
        arguments.optionalInput(index)?.elements(as: T.self).first
          ?? attribute.map { T(number: Double($0)) }
      }
      let low = bound(1, low) ?? T.lowest
      let high = bound(2, high) ?? T.highest
      try arguments.map(T.self, to: T.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress else { return }
        Parallel.elements(source.count, nanosecondsPerElement: 0.3) { range in
          for index in range {
            // Comparisons this way round hand NaN on.
            let raised = x[index] < low ? low : x[index]
            y[index] = raised > high ? high : raised
          }
        }
      }
    }
  }
}
