// Room: Networks. Pass: products, normalisations and arithmetic over the same rows become one node.

internal import Tensors

/// Makes one `FusedRows` of products with constant weights, normalisations over the last dimension,
/// arithmetic with rows and activations that follow one another, and of the movements of whole rows
/// before them: an MLP with its normalisation and residual is one pass over memory, its hidden layer
/// never exists, and window partitions and cyclic shifts are lists of rows.
///
/// Only where shapes are known and nobody else uses what lies between.
package struct RowFusion: GraphPass {
  package let name = "row-fusion"

  package init() {}

  /// With fewer rows there are too few blocks to share.
  private static let fewestRows = 128
  /// The longest list of rows.
  private static let longestList = 1 << 23
  /// The widest row that a block is made of.
  private static let widestRow = 1 << 14

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard
      graph.contains(MatMulOperator.self) || graph.contains(GemmOperator.self)
        || graph.contains(FusedProduct.self) || graph.contains(FusedRows.self)
        || graph.contains(LayerNormalizationOperator.self)
        || graph.contains(RMSNormalizationOperator.self)
    else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    var lists = RowLists()
    for index in rewriter.nodes.indices {
      let node = rewriter.nodes[index]
      guard let fused = fused(node, &rewriter, &lists) else { continue }
      var made = node.replaced(
        by: Self.opType(fused.operation), fused.operation, inputs: fused.inputs)
      made.description = nil
      rewriter.replace(at: index, with: made)
    }
    return try rewriter.finished()
  }

  /// Products keep their name in listings.
  private static func opType(_ operation: FusedRows) -> String {
    let multiplies = operation.steps.contains { if case .product = $0 { true } else { false } }
    return multiplies ? "MatMul" : "LayerNormalization"
  }

  /// A node as steps over rows.
  struct Rows {
    var operation: FusedRows
    var inputs: [ValueID?]
  }

  // MARK: Putting together

  private func fused(
    _ node: GraphNode, _ rewriter: inout GraphRewriter, _ lists: inout RowLists
  ) -> Rows? {
    if let own = planar(node, &rewriter) { return own }
    if let own = lifted(node, &rewriter) {
      let isDone = node.implementation is FusedRows
      // What takes its rows by a list already has nothing in front of it.
      guard own.operation.list == nil else { return nil }
      return joined(own, main: node.input(0), &rewriter, &lists)
        ?? (isDone || own.operation.steps.count < 2 ? nil : own)
    }
    for place in 0..<min(node.inputs.count, 2) {
      guard let own = arithmetic(node, main: place, &rewriter),
        let made = joined(own, main: node.input(place), &rewriter, &lists, needsRows: true)
      else { continue }
      return made
    }
    return nil
  }

  /// `own` behind what makes its rows, or at least reading them where they were before they were
  /// moved; nil when there is neither.
  private func joined(
    _ own: Rows, main: ValueID?, _ rewriter: inout GraphRewriter, _ lists: inout RowLists,
    needsRows: Bool = false
  ) -> Rows? {
    guard var value = main, own.operation.planes?.source != true else { return nil }
    let width = own.operation.width
    var moves: [RowMove] = []
    var isPrivate = true
    for _ in 0..<24 {
      isPrivate = isPrivate && rewriter.isUsedOnce(value)
      guard rewriter.constant(value) == nil, let node = rewriter.producer(of: value) else { break }
      if isPrivate, let earlier = lifted(node, &rewriter),
        earlier.operation.output.dimensions.last == width,
        earlier.operation.planes?.result != true,
        let made = joined(earlier, own, moves, &lists)
      {
        return made
      }
      if isPrivate, moves.isEmpty, !needsRows,
        let made = turned(own, node, value, &rewriter)
      {
        return made
      }
      guard let input = node.input(0), let operands = rewriter.operands(of: node),
        FactTable.hasNeededContents(node, operands),
        operands[0]?.elementType == .float32, operands[0]?.shape.dimensions.last == width
      else { break }
      if node.implementation.viewedInput(operands) != 0 {
        guard let move = RowMove(node, output: value, width: width, &rewriter),
          move.count <= Self.longestList
        else { break }
        moves.append(move)
      }
      value = input
    }
    guard !needsRows, !moves.isEmpty, own.operation.planes == nil,
      let shape = rewriter.facts(value)?.shape, shape.count > 0,
      shape.count / width <= Int(Int32.max),
      // Rows that are read over and over would be normalised as often.
      own.operation.count <= shape.count / width / 2 * 3
    else { return nil }
    var made = own
    made.operation.list = lists.list(moves, of: shape.count / width)
    made.operation.sources[0] = shape
    made.inputs[0] = value
    return made
  }

  /// `own` after `earlier`, whose rows `moves` move about in between.
  private func joined(
    _ earlier: Rows, _ own: Rows, _ moves: [RowMove], _ lists: inout RowLists
  ) -> Rows? {
    var made = earlier
    guard let planes = Self.planes(earlier.operation, own.operation),
      planes == nil || moves.isEmpty && made.operation.list == nil
    else { return nil }
    if !moves.isEmpty {
      let count = earlier.operation.count
      // Operands with a row for each row would have to be moved, too.
      let isFree = earlier.operation.steps.allSatisfy { step in
        if case .combine(_, _, .rows, _) = step { false } else { true }
      }
      guard isFree, own.operation.count <= count / 2 * 3 else { return nil }
      if let list = lists.list(moves, of: count) {
        made.operation.list = earlier.operation.list?.chosen(by: list) ?? list
        if list.lacksRows { made.operation.steps.append(.clearMissing) }
      }
    }
    let shift = earlier.inputs.count - 1
    made.operation.steps += own.operation.steps.map { $0.shifted(by: shift) }
    made.inputs += own.inputs.dropFirst()
    made.operation.sources += own.operation.sources.dropFirst()
    made.operation.count = own.operation.count
    made.operation.output = own.operation.output
    made.operation.planes = planes
    made.operation.planeResidual = own.operation.planeResidual.map { $0 + shift }
    return made
  }

  // MARK: Nodes as steps

  /// A product or a normalisation as steps.
  func lifted(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> Rows? {
    if let operation = node.implementation as? FusedRows {
      return Rows(operation: operation, inputs: node.inputs)
    }
    guard let value = node.result, let result = rewriter.facts(value),
      result.elementType == .float32, let width = result.shape.dimensions.last, width > 0,
      result.shape.count / width >= Self.fewestRows, width <= Self.widestRow,
      let source = rewriter.facts(node.input(0)), source.elementType == .float32,
      let sourceWidth = source.shape.dimensions.last, sourceWidth > 0,
      sourceWidth <= Self.widestRow
    else { return nil }
    var inputs: [ValueID?] = [node.input(0)]
    let steps: [FusedRows.Step]?
    switch node.implementation {
    case let product as FusedProduct:
      steps = self.steps(product, node, &inputs)
    case let matrix as MatMulOperator:
      steps = self.steps(FusedProduct(isTransposed: false, packed: matrix.packed), node, &inputs)
    case let gemm as GemmOperator where gemm.isPlain:
      let bias = rewriter.facts(node.input(2))?.shape.dimensions ?? []
      guard bias.isEmpty || bias == [1] || bias == [width] || bias == [1, width] else { return nil }
      steps = self.steps(
        FusedProduct(isTransposed: gemm.transposesB, packed: gemm.packed), node, &inputs)
    case let operation as LayerNormalizationOperator:
      guard operation.trailing(of: source.shape.rank) == 1 else { return nil }
      steps = normalization(
        node, centers: true, operation.epsilon, width, &inputs, &rewriter)
    case let operation as RMSNormalizationOperator:
      guard operation.trailing(of: source.shape.rank) == 1 else { return nil }
      steps = normalization(
        node, centers: false, operation.epsilon, width, &inputs, &rewriter)
    default: return nil
    }
    guard let steps, !steps.isEmpty else { return nil }
    // Weights and biases must be constants.
    for step in steps {
      guard case .product(_, let weights, let bias) = step else { continue }
      guard let matrix = rewriter.constant(inputs[weights]), matrix.elementType == .float32,
        matrix.shape.rank == 2, matrix.count > 0, source.shape.rank >= 2,
        bias.map({ rewriter.constant(inputs[$0])?.elementType == .float32 }) ?? true
      else { return nil }
    }
    return rows(steps, inputs, width: sourceWidth, result.shape, &rewriter)
  }

  func rows(
    _ steps: [FusedRows.Step], _ inputs: [ValueID?], width: Int, _ output: Shape,
    _ rewriter: inout GraphRewriter
  ) -> Rows? {
    guard let last = output.dimensions.last, last > 0 else { return nil }
    var sources: [Shape] = []
    for input in inputs {
      guard let facts = rewriter.facts(input), facts.elementType == .float32 else { return nil }
      sources.append(facts.shape)
    }
    let count = output.count / last
    guard sources[0].count == count * width else { return nil }
    let operation = FusedRows(
      steps: steps, list: nil, width: width, count: count, sources: sources, output: output)
    return Rows(operation: operation, inputs: inputs)
  }

  private func steps(
    _ product: FusedProduct, _ node: GraphNode, _ inputs: inout [ValueID?]
  ) -> [FusedRows.Step]? {
    guard let weights = node.input(1) else { return nil }
    inputs.append(weights)
    var bias: Int?
    if let value = node.input(2) {
      bias = inputs.count
      inputs.append(value)
    }
    guard let residual = node.input(3) else {
      return [.product(product, weights: 1, bias: bias)]
    }
    let plain = product.followed(by: .none)
    inputs.append(residual)
    var steps: [FusedRows.Step] = [
      .product(plain, weights: 1, bias: bias),
      .combine(.add, input: inputs.count - 1, .rows, reversed: false),
    ]
    if let (function, p, q) = product.activation.function { steps.append(.apply(function, p, q)) }
    return steps
  }

  private func normalization(
    _ node: GraphNode, centers: Bool, _ epsilon: Double, _ width: Int, _ inputs: inout [ValueID?],
    _ rewriter: inout GraphRewriter
  ) -> [FusedRows.Step]? {
    var places: [Int?] = [nil, nil]
    for index in 1...2 {
      guard let value = node.input(index) else { continue }
      if index == 1, let one = rewriter.constant(value), one.count == 1,
        one.elementType == .float32,
        one.elements(as: Float.self).first == 1
      {
        continue
      }
      guard rewriter.facts(value)?.shape.count == width else { return nil }
      places[index - 1] = inputs.count
      inputs.append(value)
    }
    return [.normalize(centers: centers, epsilon: epsilon, scale: places[0], shift: places[1])]
  }

  private static let operations: Set<BinaryOperation> = [
    .add, .subtract, .multiply, .divide, .minimum, .maximum,
  ]

  /// Arithmetic on the input `main` and something that has as many rows, one row or one value; or an
  /// activation.
  private func arithmetic(
    _ node: GraphNode, main: Int, _ rewriter: inout GraphRewriter
  ) -> Rows? {
    guard let value = node.result, let result = rewriter.facts(value),
      result.elementType == .float32, let width = result.shape.dimensions.last, width > 0,
      let own = rewriter.facts(node.input(main)), own.shape.count == result.shape.count,
      own.shape.dimensions.last == width
    else { return nil }
    if main == 0, let (function, p, q) = node.activation(in: rewriter.graph)?.function {
      return rows([.apply(function, p, q)], [node.input(0)], width: width, result.shape, &rewriter)
    }
    guard let pair = node.implementation.asBinary, !pair.legacy.isLegacy,
      node.inputs.count == 2, node.input(0) != node.input(1),
      let operation = pair.vectorOperation, Self.operations.contains(operation),
      let other = rewriter.facts(node.input(1 - main))
    else { return nil }
    let extent: RowPipeline.Extent
    if other.shape.count == result.shape.count {
      extent = .rows
    } else if other.shape.count == 1 {
      extent = .value
    } else if other.shape.count == width, other.shape.dimensions.last == width {
      extent = .row
    } else {
      return nil
    }
    return rows(
      [.combine(operation, input: 1, extent, reversed: main == 1)],
      [node.input(main), node.input(1 - main)], width: width, result.shape, &rewriter)
  }
}

extension FusedRows.Step {
  /// The same step where its inputs, the source aside, have numbers higher by `shift`.
  func shifted(by shift: Int) -> FusedRows.Step {
    switch self {
    case .product(let product, let weights, let bias):
      .product(product, weights: weights + shift, bias: bias.map { $0 + shift })
    case .normalize(let centers, let epsilon, let scale, let shift_):
      .normalize(
        centers: centers, epsilon: epsilon, scale: scale.map { $0 + shift },
        shift: shift_.map { $0 + shift })
    case .combine(let operation, let input, let extent, let reversed):
      .combine(operation, input: input + shift, extent, reversed: reversed)
    case .apply, .clearMissing: self
    }
  }
}
