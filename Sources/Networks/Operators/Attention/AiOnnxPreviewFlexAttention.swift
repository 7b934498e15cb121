// Room: Networks. The operator FlexAttention of ONNX's preview domain.

internal import Tensors

/// Scaled dot-product attention whose scores and probabilities graphs of the caller may change.
///
/// **Shapes**: queries `[batch, heads, length, size]`; keys and values have heads of their own, each
/// for a group of query heads; the graphs map `[batch, heads, queries, keys]` to the same shape.
/// **Source**: ONNX ai.onnx.preview FlexAttention, version 1.
package struct AiOnnxPreviewFlexAttentionOperator: SubgraphOperator {
  package var subgraphs: [CompiledSubgraph]
  private let changesScores: Bool
  private let scale: Float?
  private let precision: ElementType?

  package init(_ node: NodeDescription) throws {
    let scores = try node.graph("score_mod")
    let probabilities = try node.graph("prob_mod")
    subgraphs = [scores, probabilities].compactMap { $0.map { CompiledSubgraph($0) } }
    changesScores = scores != nil
    scale = try node.float("scale")
    precision = try node.elementType("softmax_precision")
    guard precision?.isFloatingPoint ?? true else {
      throw OperatorFault.invalid("softmax_precision is no floating-point type")
    }
    guard scale.map({ $0 >= 0 }) ?? true else { throw OperatorFault.invalid("scale is negative") }
  }

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    let tensors = try (0..<3).map { try inputs.tensor($0) }
    let (q, k, v) = (tensors[0].shape, tensors[1].shape, tensors[2].shape)
    guard q.rank == 4, k.rank == 4, v.rank == 4, k[0] == q[0], v[0] == q[0], v[1] == k[1],
      v[2] == k[2], k[3] == q[3], k[1] > 0, q[1] % k[1] == 0
    else {
      throw OperatorFault.invalid("shapes \(q), \(k) and \(v) do not go together")
    }
    let type = tensors[0].elementType
    guard type.isFloatingPoint, tensors.allSatisfy({ $0.elementType == type }) else {
      throw OperatorFault.invalid("its inputs are not of one floating-point type")
    }
    let computing = precision ?? (type == .float64 ? .float64 : .float32)
    let lengths = FlexLengths(
      heads: q[0] * q[1], group: q[1] / k[1], queries: q[2], keys: k[2], size: q[3], width: v[3])
    let shape = try Shape(checking: [q[0], q[1], q[2], k[2]])
    let result = try Shape(checking: [q[0], q[1], q[2], v[3]])
    for (shape, type) in [(shape, ElementType.float64), (result, .float64)] {
      try inputs.limits.check(shape, type)
    }
    let values = try tensors.map { try $0.numericElements() }
    let factor = Double(scale ?? 1 / Float(max(q[3], 1)).squareRoot())
    var scores = try Tensor(working: shape, .float64)
    lengths.score(values[0], values[1], factor, scores.plannedDestination(of: Double.self))
    if changesScores { scores = try changed(scores, subgraphs[0], computing, inputs) }
    lengths.softmax(scores.plannedDestination(of: Double.self))
    if subgraphs.count > (changesScores ? 1 : 0), let last = subgraphs.last {
      scores = try changed(scores, last, computing, inputs)
    }
    let output = try Tensor(working: result, .float64)
    lengths.mix(
      scores.elements(as: Double.self), values[2], output.plannedDestination(of: Double.self))
    return [.tensor(try ElementConversion.convert(output, to: type))]
  }

  /// What a graph makes of scores or probabilities in the precision asked for.
  private func changed(
    _ values: Tensor, _ graph: CompiledSubgraph, _ type: ElementType, _ inputs: DynamicInputs
  ) throws -> Tensor {
    let given = try ElementConversion.convert(values, to: type)
    guard let made = try graph.run([.tensor(given)], inputs).first?.tensor,
      made.shape == values.shape, made.elementType.isFloatingPoint
    else {
      throw OperatorFault.invalid("its graph does not give numbers of shape \(values.shape)")
    }
    let wide = try Tensor(working: values.shape, .float64)
    try ElementConversion.convert(made, into: wide)
    return wide
  }
}

/// Attention's arithmetic in double precision.
private struct FlexLengths: Sendable {
  /// Query heads of all batches.
  var heads: Int
  var group: Int
  var queries: Int
  var keys: Int
  var size: Int
  var width: Int

  func score(
    _ q: [Double], _ k: [Double], _ factor: Double, _ scores: UnsafeMutableBufferPointer<Double>
  ) {
    Parallel.items(heads * queries, nanoseconds: Double(keys * size)) { row in
      let source = row / queries / group * keys
      for key in 0..<keys {
        var sum = 0.0
        for index in 0..<size { sum += q[row * size + index] * k[(source + key) * size + index] }
        scores[row * keys + key] = sum * factor
      }
    }
  }

  func softmax(_ scores: UnsafeMutableBufferPointer<Double>) {
    Parallel.items(heads * queries, nanoseconds: Double(keys) * 10) { row in
      let own = row * keys..<(row + 1) * keys
      var largest = -Double.infinity
      for index in own { largest = Double.maximum(largest, scores[index]) }
      var sum = 0.0
      for index in own {
        scores[index] = Double.exp(scores[index] - largest)
        sum += scores[index]
      }
      for index in own { scores[index] /= sum }
    }
  }

  func mix(_ p: [Double], _ v: [Double], _ result: UnsafeMutableBufferPointer<Double>) {
    Parallel.items(heads * queries, nanoseconds: Double(keys * width)) { row in
      let source = row / queries / group * keys
      for index in 0..<width { result[row * width + index] = 0 }
      for key in 0..<keys {
        let weight = p[row * keys + key]
        for index in 0..<width {
          result[row * width + index] += weight * v[(source + key) * width + index]
        }
      }
    }
  }
}
