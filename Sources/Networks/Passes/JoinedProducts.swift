// Room: Networks. Pass: a product with joined rows is the sum of products with the parts, and a product
// with gathered rows is gathered from the product with all of them.

internal import Tensors

/// Splits the product of a `Concat` along rows with constant weights: what graph networks compute for
/// each edge from the edge and its two ends.
///
/// Each part meets its own rows of the weights. Parts that were gathered from a shorter table are
/// multiplied before gathering, so that a product is computed once for each node instead of once for
/// each edge; the joined rows never exist.
package struct JoinedProducts: GraphPass {
  package let name = "joined-products"

  package init() {}

  /// Narrower parts are not worth a product of their own.
  private static let leastWidth = 16

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.contains(ConcatOperator.self) else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    for index in rewriter.nodes.indices {
      guard let product = JoinedProduct(rewriter.nodes[index], &rewriter) else { continue }
      split(product, at: index, &rewriter)
    }
    return try rewriter.finished()
  }

  private func split(_ product: JoinedProduct, at index: Int, _ rewriter: inout GraphRewriter) {
    let gathered = product.parts.filter { $0.table != nil }
    let direct = product.parts.filter { $0.table == nil }
    guard product.parts.allSatisfy({ $0.width >= Self.leastWidth }) else { return }
    // Without gathering, a sum goes through memory in place of the joined rows.
    guard
      !gathered.isEmpty
        || (direct.count - 1) * product.columns < direct.reduce(0, { $0 + $1.width })
    else { return }
    let node = rewriter.nodes[index]
    let bias = node.input(2)

    var pairs: [ValueID?] = []
    for (place, part) in gathered.enumerated() {
      guard let table = part.table else { continue }
      // Somebody has to add the bias: who comes last, if there is one.
      let own = direct.isEmpty && place == 0 ? bias : nil
      let value = rewriter.addNode(before: index, like: node, "\(node.name)/table \(place)") {
        product.fused(part, of: table.rows, bias: own, residual: nil, .none, &$0)
      }
      pairs += [value, table.indices]
    }
    let sum = FusedRowSum(
      result: product.result, outer: gathered.first?.table?.outer ?? 0,
      activation: direct.isEmpty ? product.activation : .none)
    guard let last = direct.last else {
      return rewriter.replace(
        at: index, with: node.replaced(by: "Gather", sum, inputs: pairs))
    }
    var total: ValueID?
    if !gathered.isEmpty {
      total = rewriter.addNode(before: index, like: node, "\(node.name)/rows") { _ in
        ("Gather", sum, pairs)
      }
    }
    for (place, part) in direct.dropLast().enumerated() {
      total = rewriter.addNode(before: index, like: node, "\(node.name)/part \(place)") {
        product.fused(part, of: part.value, bias: nil, residual: total, .none, &$0)
      }
    }
    let (opType, operation, inputs) = product.fused(
      last, of: last.value, bias: bias, residual: total, product.activation, &rewriter)
    rewriter.replace(at: index, with: node.replaced(by: opType, operation, inputs: inputs))
  }
}

/// A product of joined rows with constant weights, and its parts.
private struct JoinedProduct {
  struct Part {
    var value: ValueID
    /// Which of the weights' rows belong to it.
    var first: Int, width: Int
    /// What it was gathered from, where that is shorter than what came of it.
    var table: Table?
  }

  struct Table {
    var rows: ValueID, indices: ValueID
    /// Dimensions before the one that was gathered along.
    var outer: Int
  }

  let opType: String
  let weights: Tensor
  let isTransposed: Bool
  let activation: Activation
  let result: Shape
  private(set) var parts: [Part] = []

  var columns: Int { weights.shape[isTransposed ? 0 : 1] }

  /// Nil for every other node.
  init?(_ node: GraphNode, _ rewriter: inout GraphRewriter) {
    switch node.implementation {
    case is MatMulOperator: (isTransposed, activation) = (false, .none)
    case let gemm as GemmOperator:
      guard gemm.isPlain else { return nil }
      (isTransposed, activation) = (gemm.transposesB, .none)
    case let fused as FusedProduct:
      guard node.input(3) == nil else { return nil }
      (isTransposed, activation) = (fused.isTransposed, fused.activation)
    default: return nil
    }
    guard let joined = node.input(0), rewriter.isUsedOnce(joined),
      let (concat, operation) = rewriter.producer(of: joined, ConcatOperator.self),
      concat.inputs.count > 1, let weights = rewriter.constant(node.input(1)),
      weights.elementType == .float32, weights.shape.rank == 2, weights.count > 0,
      let shape = rewriter.facts(joined)?.shape, shape.rank >= 2, shape.count > 0,
      (try? Checked.axis(operation.axis, rank: shape.rank)) == shape.rank - 1,
      let result = rewriter.facts(node.result)?.shape, result.rank == shape.rank
    else { return nil }
    (opType, self.weights, self.result) = (node.opType, weights, result)
    if let value = node.input(2) {
      guard let bias = rewriter.constant(value), bias.elementType == .float32,
        bias.count == 1 || bias.count == columns && bias.shape.dimensions.last == columns
      else { return nil }
    }
    var first = 0
    for value in concat.inputs {
      guard let value, let own = rewriter.facts(value)?.shape else { return nil }
      let width = own[own.rank - 1]
      parts.append(
        Part(
          value: value, first: first, width: width, table: Self.table(value, own, &rewriter)))
      first += width
    }
    // Tables of one kind only can be added up together.
    let outer = parts.compactMap(\.table?.outer).first
    for index in parts.indices where parts[index].table?.outer != outer {
      parts[index].table = nil
    }
    guard first == weights.shape[isTransposed ? 1 : 0] else { return nil }
  }

  private static func table(
    _ value: ValueID, _ shape: Shape, _ rewriter: inout GraphRewriter
  ) -> Table? {
    guard let node = rewriter.producer(of: value), let rows = node.input(0),
      let indices = node.input(1), let table = rewriter.facts(rows)?.shape, table.rank >= 2,
      // Multiplying fewer rows must pay for adding up twice.
      table.count <= shape.count / 4 * 3
    else { return nil }
    switch node.implementation {
    case let gather as GatherOperator:
      let axis = try? Checked.axis(gather.axis, rank: table.rank)
      guard axis == table.rank - 2 else { return nil }
    case let gather as GatherNDOperator:
      guard gather.batches == 0, table.rank == 2,
        rewriter.facts(indices)?.shape.dimensions.last == 1
      else { return nil }
    default: return nil
    }
    return Table(rows: rows, indices: indices, outer: table.rank - 2)
  }

  /// The product of `value` with the part's own rows of the weights.
  func fused(
    _ part: Part, of value: ValueID, bias: ValueID?, residual: ValueID?,
    _ activation: Activation, _ rewriter: inout GraphRewriter
  ) -> (String, any Operator, [ValueID?]) {
    let own = rewriter.addConstant(rows(of: part), "weights of rows from \(part.first)")
    let operation = FusedProduct(isTransposed: false, packed: PackedOnce())
    var inputs: [ValueID?] = [value, own]
    if bias != nil || residual != nil { inputs.append(bias) }
    if residual != nil { inputs.append(residual) }
    return (opType, operation.followed(by: activation), inputs)
  }

  private func rows(of part: Part) -> Tensor {
    let (columns, stride, source) = (columns, weights.shape[1], weights)
    let (first, width, isTransposed) = (part.first, part.width, isTransposed)
    // Made again by whoever packs them, so that they are not held beside the packed ones.
    return Tensor(
      deriving: "rows of weights", settings: [first, width, columns, isTransposed ? 1 : 0],
      from: [weights], .float32, Shape([width, columns])
    ) { target in
      let values = target.assumingMemoryBound(to: Float.self)
      source.withWeights(of: Float.self) { all in
        for row in 0..<width {
          for column in 0..<columns {
            values[row * columns + column] =
              isTransposed
              ? all[column * stride + first + row] : all[(first + row) * stride + column]
          }
        }
      }
    }
  }
}
