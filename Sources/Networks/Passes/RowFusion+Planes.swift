// Room: Networks. Rows that lie in planes before or afterwards: networks that keep channels first.

internal import Tensors

extension RowFusion {
  /// How the rows of one operation after another lie: nil inside for neither in planes, nil where
  /// they do not fit.
  static func planes(_ earlier: FusedRows, _ own: FusedRows) -> RowPipeline.Planes?? {
    guard let length = earlier.planes?.length ?? own.planes?.length else { return .some(nil) }
    guard own.planes.map({ $0.length == length }) ?? true else { return nil }
    return RowPipeline.Planes(
      length: length, source: earlier.planes?.source ?? false, result: own.planes?.result ?? false)
  }

  /// `own` reading its rows from planes that `node` makes `value`, its source, of.
  func turned(
    _ own: Rows, _ node: GraphNode, _ value: ValueID, _ rewriter: inout GraphRewriter
  ) -> Rows? {
    guard own.operation.list == nil,
      let move = PlaneMove(node, output: value, &rewriter), move.inner == own.operation.width,
      own.operation.count % move.outer == 0, let source = node.input(0),
      let shape = rewriter.facts(source)?.shape, shape.count == own.operation.count * move.inner,
      own.operation.planes.map({ $0.length == move.outer }) ?? true
    else { return nil }
    var made = own
    made.operation.planes = RowPipeline.Planes(
      length: move.outer, source: true, result: own.operation.planes?.result ?? false)
    made.operation.sources[0] = shape
    made.inputs[0] = source
    return made
  }

  /// What `node` does to rows that end in planes: the transposition that puts them there, a factor
  /// for each channel, a 1 × 1 convolution, the sum with another value.
  func planar(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> Rows? {
    put(node, &rewriter) ?? multiplied(node, &rewriter) ?? convolved(node, &rewriter)
      ?? summed(node, &rewriter)
  }

  /// Rows that alone make `value`, whose result lies in planes.
  private func planarRows(_ value: ValueID?, _ rewriter: inout GraphRewriter) -> Rows? {
    guard let value, rewriter.isUsedOnce(value), let node = rewriter.producer(of: value),
      let operation = node.implementation as? FusedRows, operation.planes?.result == true,
      operation.planeResidual == nil
    else { return nil }
    return Rows(operation: operation, inputs: node.inputs)
  }

  private func put(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> Rows? {
    guard let output = node.result, let move = PlaneMove(node, output: output, &rewriter),
      var value = node.input(0), let result = rewriter.facts(output)
    else { return nil }
    for _ in 0..<8 {
      guard rewriter.isUsedOnce(value), let maker = rewriter.producer(of: value) else { return nil }
      if var own = lifted(maker, &rewriter) {
        let operation = own.operation
        guard operation.list == nil, operation.planes?.result != true,
          operation.output.dimensions.last == move.outer, operation.count % move.inner == 0,
          operation.planes.map({ $0.length == move.inner }) ?? true,
          result.shape.count == operation.output.count
        else { return nil }
        own.operation.planes = RowPipeline.Planes(
          length: move.inner, source: operation.planes?.source ?? false, result: true)
        own.operation.output = result.shape
        return own
      }
      guard let operands = rewriter.operands(of: maker), let input = maker.input(0),
        maker.implementation.viewedInput(operands) == 0
      else { return nil }
      value = input
    }
    return nil
  }

  /// A constant that is one number for each channel of images of `shape`, as a row.
  private func channels(_ value: ValueID?, _ shape: Shape, _ rewriter: GraphRewriter) -> Tensor? {
    guard let tensor = rewriter.constant(value), tensor.elementType == .float32, shape.rank >= 2,
      tensor.shape.rank <= shape.rank, tensor.count == shape[1], tensor.count > 1
    else { return nil }
    let channel = tensor.shape.rank - shape.rank + 1
    guard channel >= 0, tensor.shape[channel] == shape[1] else { return nil }
    return try? tensor.contiguous().reshaped(to: [shape[1]])
  }

  /// The normalisation alone of channels in planes, times or plus a number for each channel; any
  /// rows in planes times such numbers.
  private func multiplied(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> Rows? {
    let isProduct = node.implementation is MulOperator
    guard isProduct || node.implementation is AddOperator, node.inputs.count == 2 else {
      return nil
    }
    for (own, other) in [(0, 1), (1, 0)] {
      guard var made = planarRows(node.input(own), &rewriter), let last = made.operation.steps.last,
        rewriter.facts(node.result)?.shape == made.operation.output,
        let row = channels(node.input(other), made.operation.output, rewriter)
      else { continue }
      let place = made.inputs.count
      var step = FusedRows.Step.combine(
        isProduct ? .multiply : .add, input: place, .row, reversed: false)
      if case .normalize(let centers, let epsilon, let scale, nil) = last,
        !isProduct || scale == nil
      {
        made.operation.steps.removeLast()
        step = .normalize(
          centers: centers, epsilon: epsilon, scale: isProduct ? place : scale,
          shift: isProduct ? nil : place)
      }
      made.operation.steps.append(step)
      made.inputs.append(rewriter.addConstant(row, "\(node.name)/row"))
      made.operation.sources.append(row.shape)
      return made
    }
    return nil
  }

  /// A 1 × 1 convolution of rows that have been normalised.
  private func convolved(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> Rows? {
    guard let convolution = node.implementation as? ConvOperator, convolution.groups == 1,
      var made = planarRows(node.input(0), &rewriter),
      made.operation.steps.contains(where: { if case .normalize = $0 { true } else { false } }),
      let weights = rewriter.constant(node.input(1)), weights.elementType == .float32,
      weights.shape.rank >= 3, weights.count > 0, let operands = rewriter.operands(of: node),
      convolution.hasVectorKernel(operands),
      let shapes = try? ConvolutionShapes(operands, convolution.window, 1),
      shapes.isPointwise,
      node.input(2) == nil || rewriter.constant(node.input(2))?.elementType == .float32,
      !convolution.addsResidual || convolution.activation == .none,
      let result = rewriter.facts(node.result),
      let matrix = try? weights.contiguous().reshaped(to: [weights.shape[0], weights.shape[1]])
    else { return nil }
    func append(_ value: ValueID, _ shape: Shape) -> Int {
      made.inputs.append(value)
      made.operation.sources.append(shape)
      return made.inputs.count - 1
    }
    let place = append(rewriter.addConstant(matrix, "\(node.name)/matrix"), matrix.shape)
    var bias: Int?
    if let value = node.input(2), let constant = rewriter.constant(value) {
      bias = append(value, constant.shape)
    }
    let product = FusedProduct(isTransposed: true, packed: PackedOnce())
      .followed(by: convolution.activation)
    made.operation.steps.append(.product(product, weights: place, bias: bias))
    made.operation.output = result.shape
    if convolution.addsResidual, let value = node.input(3) {
      made.operation.planeResidual = append(value, result.shape)
    }
    return made
  }

  private func summed(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> Rows? {
    guard node.implementation is AddOperator, node.inputs.count == 2,
      node.input(0) != node.input(1), let result = rewriter.facts(node.result)
    else { return nil }
    for (own, other) in [(1, 0), (0, 1)] {
      guard var made = planarRows(node.input(own), &rewriter), let value = node.input(other),
        made.operation.output == result.shape, let facts = rewriter.facts(value),
        facts.shape == result.shape, facts.elementType == .float32
      else { continue }
      made.operation.planeResidual = made.inputs.count
      made.inputs.append(value)
      made.operation.sources.append(facts.shape)
      return made
    }
    return nil
  }
}
