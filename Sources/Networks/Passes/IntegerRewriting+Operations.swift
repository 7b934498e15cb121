// Room: Networks. Which operators on bytes take the place of which between quantisations.

internal import Tensors

extension IntegerRewriting {
  /// The operator on bytes for `maker`, whose results an activation keeps inside `bounds`.
  mutating func operation(
    _ maker: GraphNode, _ bounds: ClosedRange<Int32>, _ target: QuantizationTarget
  ) -> GraphNode? {
    let isUnbounded = bounds == target.type.range.low...target.type.range.high
    switch maker.implementation {
    case let convolution as ConvOperator
    where convolution.activation == .none && !convolution.addsResidual:
      return self.convolution(maker, convolution, bounds, target)
    case let transposed as ConvTransposeOperator:
      return self.transposed(maker, transposed, bounds, target)
    case is MatMulOperator: return product(maker, bias: nil, bounds, target)
    case let gemm as GemmOperator: return self.gemm(maker, gemm, bounds, target)
    case is AddOperator:
      return sum(maker, bounds, target) ?? arithmetic(maker, .add, bounds, target)
    case is SubOperator: return arithmetic(maker, .subtract, bounds, target)
    case is MulOperator: return arithmetic(maker, .multiply, bounds, target)
    case let pool as AveragePoolOperator where isUnbounded && !pool.window.roundsUp:
      return self.pool(
        maker, target,
        ComMicrosoftQLinearAveragePoolOperator(
          window: pool.window, countsPadding: pool.countsPadding))
    case is GlobalAveragePoolOperator where isUnbounded:
      return pool(maker, target, ComMicrosoftQLinearGlobalAveragePoolOperator())
    case let concat as ConcatOperator where isUnbounded:
      return concatenation(maker, concat.axis, target)
    default: return nil
    }
  }

  /// Constant weights as bytes: their value, a scale for all or for each channel, zero points.
  private struct Weights {
    var value: ValueID, scale: ValueID, zero: ValueID
    var scales: [Float]
  }

  private mutating func weights(_ value: ValueID?, axis: Int, channels: Int) -> Weights? {
    guard let node = maker(value), let found = node.implementation as? any DequantizationNode,
      found.dequantization.block == 0, let source = node.inputs.first ?? nil,
      let tensor = graph.constants[source], tensor.elementType.byteRange != nil,
      node.inputs.count >= 2, let scale = node.inputs[1], let scales = graph.constants[scale],
      scales.elementType == .float32
    else { return nil }
    let own = found.dequantization.axis
    let isByChannel =
      (own < 0 ? own + tensor.shape.rank : own) == axis && scales.shape.dimensions == [channels]
    guard scales.count == 1 || isByChannel else { return nil }
    var zero = node.inputs.count > 2 ? node.inputs[2] : nil
    if let zero {
      guard let points = graph.constants[zero], points.count == scales.count,
        points.elementType == tensor.elementType
      else { return nil }
    } else {
      zero = addConstant("\(node.name)/zero", Tensor(zeros: scales.shape, tensor.elementType))
    }
    guard let zero else { return nil }
    return Weights(
      value: source, scale: scale, zero: zero, scales: scales.elements(as: Float.self))
  }

  /// A bias in units of the product: int32 as the file has it, or a constant of floats rounded.
  /// The first nil means that there is none, the second that it cannot be had.
  private mutating func bias(
    _ value: ValueID?, input: Float, weights: [Float], channels: Int
  ) -> ValueID?? {
    guard let value else { return .some(nil) }
    let units = (0..<channels).map { input * weights[weights.count == 1 ? 0 : $0] }
    var floats: [Float]?
    if let node = maker(value), node.implementation is any DequantizationNode,
      let source = node.inputs.first ?? nil, let tensor = graph.constants[source],
      tensor.elementType == .int32, tensor.shape.dimensions == [channels], node.inputs.count >= 2,
      let scales = constant(node.inputs[1]), scales.elementType == .float32,
      scales.count == 1 || scales.count == channels,
      node.inputs.count < 3 || constant(node.inputs[2]).map(Self.isZero) ?? (node.inputs[2] == nil)
    {
      let given = scales.elements(as: Float.self)
      let own = (0..<channels).map { given[given.count == 1 ? 0 : $0] }
      if zip(own, units).allSatisfy({ abs($0 - $1) <= 1e-5 * abs($1) }) { return .some(source) }
      floats = zip(tensor.elements(as: Int32.self), own).map { Float($0) * $1 }
    } else if let tensor = graph.constants[value], tensor.elementType == .float32,
      tensor.shape.dimensions == [channels]
    {
      floats = tensor.elements(as: Float.self)
    }
    guard let floats else { return nil }
    var whole: [Int32] = []
    for (number, unit) in zip(floats, units) {
      let rounded = (Double(number) / Double(unit)).rounded(.toNearestOrEven)
      guard rounded.magnitude < 0x1p30 else { return nil }
      whole.append(Int32(rounded))
    }
    return .some(addConstant("\(graph.names[value])/quanta", Tensor(whole, shape: [channels])))
  }

  private static func isZero(_ tensor: Tensor) -> Bool {
    tensor.withBytes { $0.allSatisfy { $0 == 0 } }
  }

  private mutating func convolution(
    _ node: GraphNode, _ convolution: ConvOperator, _ bounds: ClosedRange<Int32>,
    _ target: QuantizationTarget
  ) -> GraphNode? {
    guard let inputs = convolutionInputs(node, channelAxis: 0, target) else { return nil }
    return self.node(
      "QLinearConv",
      QLinearConvOperator(window: convolution.window, groups: convolution.groups, bounds: bounds),
      inputs)
  }

  private mutating func transposed(
    _ node: GraphNode, _ convolution: ConvTransposeOperator, _ bounds: ClosedRange<Int32>,
    _ target: QuantizationTarget
  ) -> GraphNode? {
    guard let inputs = convolutionInputs(node, channelAxis: 1, target),
      let rank = inputs[3].flatMap({ graph.constants[$0] })?.shape.rank,
      let operation = QuantizedConvTranspose(convolution, rank: rank, bounds: bounds)
    else { return nil }
    return self.node("QLinearConvTranspose", operation, inputs)
  }

  /// The inputs of a convolution of bytes in the place of `node`, in the order of `QLinearConv`.
  private mutating func convolutionInputs(
    _ node: GraphNode, channelAxis axis: Int, _ target: QuantizationTarget
  ) -> [ValueID?]? {
    guard node.inputs.count >= 2, let input = bytes(node.inputs[0]),
      let channels = channels(node.inputs[1], axis: axis),
      let weights = weights(node.inputs[1], axis: axis, channels: channels),
      let bias = bias(
        node.inputs.count > 2 ? node.inputs[2] : nil, input: input.type.scale,
        weights: weights.scales, channels: channels)
    else { return nil }
    return [
      input.value, input.scale, input.zero, weights.value, weights.scale, weights.zero,
      target.scale, target.zero,
    ] + (bias.map { [$0] } ?? [])
  }

  /// The length of dimension `axis` of dequantised constant weights.
  private func channels(_ value: ValueID?, axis: Int) -> Int? {
    guard let node = maker(value), node.implementation is any DequantizationNode,
      let source = node.inputs.first ?? nil, let tensor = graph.constants[source],
      axis < tensor.shape.rank
    else { return nil }
    return tensor.shape[axis]
  }

  private mutating func product(
    _ node: GraphNode, bias biasValue: ValueID?, _ bounds: ClosedRange<Int32>,
    _ target: QuantizationTarget
  ) -> GraphNode? {
    guard node.inputs.count == 2, let left = bytes(node.inputs[0]) else { return nil }
    var inputs: [ValueID?] = [left.value, left.scale, left.zero]
    if let columns = channels(node.inputs[1], axis: 1),
      let right = weights(node.inputs[1], axis: 1, channels: columns)
    {
      guard
        let bias = bias(
          biasValue, input: left.type.scale, weights: right.scales, channels: columns)
      else { return nil }
      inputs += [right.value, right.scale, right.zero, target.scale, target.zero]
      if let bias { inputs.append(bias) }
    } else if biasValue == nil, let right = bytes(node.inputs[1]) {
      inputs += [right.value, right.scale, right.zero, target.scale, target.zero]
    } else {
      return nil
    }
    return self.node("QLinearMatMul", QLinearMatMulOperator(bounds: bounds), inputs)
  }

  /// A matrix product with a constant bias added.
  private mutating func sum(
    _ node: GraphNode, _ bounds: ClosedRange<Int32>, _ target: QuantizationTarget
  ) -> GraphNode? {
    guard node.inputs.count == 2 else { return nil }
    for (index, other) in [(0, 1), (1, 0)] {
      guard let value = node.inputs[index], let maker = maker(value),
        maker.implementation is MatMulOperator, isPrivate(value)
      else { continue }
      return product(maker, bias: node.inputs[other], bounds, target)
    }
    return nil
  }

  private mutating func gemm(
    _ node: GraphNode, _ gemm: GemmOperator, _ bounds: ClosedRange<Int32>,
    _ target: QuantizationTarget
  ) -> GraphNode? {
    let axis = gemm.transposesB ? 0 : 1
    guard gemm.beta == 1, gemm.alpha == 1, node.inputs.count >= 2, let left = bytes(node.inputs[0]),
      let columns = channels(node.inputs[1], axis: axis),
      let right = weights(node.inputs[1], axis: axis, channels: columns),
      let bias = bias(
        node.inputs.count > 2 ? node.inputs[2] : nil, input: left.type.scale,
        weights: right.scales, channels: columns)
    else { return nil }
    return self.node(
      "QGemm",
      ComMicrosoftQGemmOperator(
        alpha: 1, transposes: (gemm.transposesA, gemm.transposesB), bounds: bounds),
      [
        left.value, left.scale, left.zero, right.value, right.scale, right.zero, bias,
        target.scale, target.zero,
      ])
  }

  private mutating func arithmetic(
    _ node: GraphNode, _ operation: QuantizedOperation, _ bounds: ClosedRange<Int32>,
    _ target: QuantizationTarget
  ) -> GraphNode? {
    guard node.inputs.count == 2, let left = bytes(node.inputs[0]),
      let right = bytes(node.inputs[1])
    else { return nil }
    return self.node(
      "QuantizedArithmetic", QuantizedArithmetic(operation, bounds: bounds),
      [
        left.value, left.scale, left.zero, right.value, right.scale, right.zero, target.scale,
        target.zero,
      ])
  }

  private mutating func pool(
    _ node: GraphNode, _ target: QuantizationTarget, _ implementation: any Operator
  ) -> GraphNode? {
    guard let input = bytes(node.inputs.first ?? nil) else { return nil }
    return self.node(
      "QuantizedPool", implementation,
      [input.value, input.scale, input.zero, target.scale, target.zero])
  }

  private mutating func concatenation(
    _ node: GraphNode, _ axis: Int, _ target: QuantizationTarget
  ) -> GraphNode? {
    var inputs: [ValueID?] = [target.scale, target.zero]
    for value in node.inputs {
      guard let bytes = bytes(value) else { return nil }
      inputs += [bytes.value, bytes.scale, bytes.zero]
    }
    guard inputs.count > 2 else { return nil }
    return self.node(
      "QLinearConcat", ComMicrosoftQLinearConcatOperator(axis: axis), inputs)
  }
}
