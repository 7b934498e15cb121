// Room: Networks. Pass: the two sums of attention that are written as Einsum become products.

internal import Tensors

/// Makes `MatMul`, with transpositions where they are needed, of an `Einsum` that makes scores for a
/// softmax, or that weighs values by one: other passes then find attention in them.
package struct EinsumAttention: GraphPass {
  package let name = "einsum-attention"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.contains(EinsumOperator.self), graph.contains(SoftmaxOperator.self) else {
      return graph
    }
    let chosen = sums(graph)
    var rewriter = GraphRewriter(graph, limits: limits)
    for index in rewriter.nodes.indices where chosen.contains(index) {
      let node = rewriter.nodes[index]
      guard let operation = node.implementation as? EinsumOperator,
        let made = product(node, operation, at: index, &rewriter)
      else { continue }
      rewriter.replace(at: index, with: made)
    }
    return try rewriter.finished()
  }

  /// The sums before and behind each softmax, with nothing but arithmetic and views between.
  private func sums(_ graph: Graph) -> Set<Int> {
    let producers = graph.producers()
    var users: [ValueID: [Int]] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for case let value? in node.inputs { users[value, default: []].append(index) }
    }
    func isBetween(_ node: GraphNode) -> Bool {
      switch node.implementation {
      case is AddOperator, is SubOperator, is MulOperator, is DivOperator, is any ViewOperator:
        true
      default: false
      }
    }
    func search(_ start: Int, _ next: (GraphNode) -> [Int]) -> Int? {
      var (open, seen) = (next(graph.nodes[start]), Set<Int>())
      while let index = open.popLast(), seen.count < 32 {
        guard seen.insert(index).inserted else { continue }
        if graph.nodes[index].implementation is EinsumOperator { return index }
        if isBetween(graph.nodes[index]) { open += next(graph.nodes[index]) }
      }
      return nil
    }
    var chosen = Set<Int>()
    for (index, node) in graph.nodes.enumerated() where node.implementation is SoftmaxOperator {
      let scores = search(index) { $0.inputs.compactMap { $0.flatMap { producers[$0] } } }
      let mixed = search(index) { $0.outputs.flatMap { $0.flatMap { users[$0] } ?? [] } }
      if let scores, let mixed { chosen.formUnion([scores, mixed]) }
    }
    return chosen
  }

  private func product(
    _ node: GraphNode, _ operation: EinsumOperator, at index: Int,
    _ rewriter: inout GraphRewriter
  ) -> GraphNode? {
    guard node.inputs.count == 2, let a = node.input(0), let b = node.input(1),
      let left = rewriter.facts(a), let right = rewriter.facts(b),
      left.elementType.isFloatingPoint, left.elementType != .float64,
      let notation = try? EinsteinNotation(
        operation.equation, shapes: [left.shape, right.shape]),
      Set(notation.operands[0]).count == left.shape.rank,
      Set(notation.operands[1]).count == right.shape.rank,
      zip(notation.operands, [left.shape, right.shape]).allSatisfy({ labels, shape in
        zip(labels, shape.dimensions).allSatisfy { notation.lengths[$0] == $1 }
      })
    else { return nil }
    let (own, other) = (Set(notation.operands[0]), Set(notation.operands[1]))
    let output = notation.output
    let shared = own.intersection(other)
    let batch = output.filter { shared.contains($0) }
    let rows = own.subtracting(other), columns = other.subtracting(own)
    let summed = shared.subtracting(output)
    guard rows.count == 1, columns.count == 1, summed.count == 1, let row = rows.first,
      let column = columns.first, let sum = summed.first, output.contains(row),
      output.contains(column), Set(output).count == output.count
    else { return nil }
    /// `value`, whose dimensions are `labels`, with those in the order `wanted`.
    func arranged(
      _ value: ValueID, _ labels: [Int], _ wanted: [Int]
    ) -> ValueID? {
      let order = wanted.compactMap { labels.firstIndex(of: $0) }
      guard order != Array(labels.indices) else { return value }
      guard let transposition = try? transposition(order) else { return nil }
      return rewriter.addNode(before: index, like: node, "\(node.name).operand") { _ in
        ("Transpose", transposition, [value])
      }
    }
    guard let matrix = OperatorRegistry.type("MatMul", domain: ""),
      let multiply = try? matrix.init(NodeDescription(opType: "MatMul", opset: 13)),
      let x = arranged(a, notation.operands[0], batch + [row, sum]),
      let y = arranged(b, notation.operands[1], batch + [sum, column])
    else { return nil }
    let made = batch + [row, column]
    guard made != output else { return node.replaced(by: "MatMul", multiply, inputs: [x, y]) }
    guard let turn = try? transposition(output.compactMap { made.firstIndex(of: $0) }) else {
      return nil
    }
    let result = rewriter.addNode(before: index, like: node, "\(node.name).product") { _ in
      ("MatMul", multiply, [x, y])
    }
    return node.replaced(by: "Transpose", turn, inputs: [result])
  }

  private func transposition(_ order: [Int]) throws -> TransposeOperator {
    try TransposeOperator(
      NodeDescription(opType: "Transpose", opset: 13, attributes: ["perm": .ints(order)]))
  }
}
