// Room: Networks. Pass: nodes that only hand on their input are removed.

internal import Tensors

/// Removes `Identity`, and every node whose result is one of its inputs: operators that say so
/// whatever the shapes (`PassThrough`), views that change no shape (a `Cast` to the same type, an
/// `Expand` to the same shape, a `Slice` of everything, a `Pad` by nothing, a `Transpose` that moves
/// nothing), and arithmetic with a constant that changes nothing (`NeutralOperand`). Arithmetic that
/// would repeat an operand itself reads it as it was before an `Expand`.
package struct IdentityRemoval: GraphPass {
  package let name = "identity-removal"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    var result = graph
    result.nodes = []
    var table = FactTable(declaredBy: graph, limits: limits)
    var replacement: [ValueID: ValueID] = [:]
    var expanded: [ValueID: ValueID] = [:]
    for var node in graph.nodes {
      // A node that is wrong is told of when the plan is made.
      try? table.visit(node)
      node.inputs = node.inputs.map { value in value.map { replacement[$0] ?? $0 } }
      node.capturedValues = node.capturedValues.map { replacement[$0] ?? $0 }
      if let output = node.result, let index = passedInput(node, output, table, graph),
        let source = node.input(index)
      {
        replacement[output] = source
      } else {
        if node.implementation is ExpandOperator, let output = node.result, let x = node.input(0) {
          expanded[output] = expanded[x] ?? x
        }
        shorten(&node, expanded, table)
        result.nodes.append(node)
      }
    }
    result.outputs = result.outputs.map { replacement[$0] ?? $0 }
    return result
  }

  /// Lets arithmetic repeat what was repeated for it, where its other operand is as large anyway.
  private func shorten(
    _ node: inout GraphNode, _ expanded: [ValueID: ValueID], _ table: FactTable
  ) {
    guard !expanded.isEmpty, let pair = node.implementation as? any BinaryOperator,
      !pair.legacy.isLegacy, node.inputs.count == 2, let output = node.result,
      let shape = table.facts[output]?.shape
    else { return }
    for index in 0...1 {
      guard let value = node.input(index), let source = expanded[value],
        let other = node.input(1 - index), table.facts[other]?.shape == shape,
        let facts = table.facts[source], facts.elementType == table.facts[value]?.elementType
      else { continue }
      node.inputs[index] = source
      return
    }
  }

  private func passedInput(
    _ node: GraphNode, _ output: ValueID, _ table: FactTable, _ graph: Graph
  ) -> Int? {
    if let pass = node.implementation.asPassThrough, let index = pass.passedInput(node) {
      return index
    }
    guard let operands = table.operands(of: node), let made = table.facts[output],
      FactTable.hasNeededContents(node, operands)
    else { return nil }
    func isSame(_ index: Int) -> Bool {
      operands[index].map { $0.elementType == made.elementType && $0.shape == made.shape } ?? false
    }
    if let index = node.implementation.viewedInput(operands), isSame(index) { return index }
    guard let operation = node.implementation.asNeutralOperand, node.inputs.count == 2
    else { return nil }
    for index in 0...1 where isSame(1 - index) {
      if let wanted = operation.neutralValue(at: index), let value = node.input(index),
        let constant = graph.constants[value], holdsOnly(wanted, constant)
      {
        return 1 - index
      }
    }
    return nil
  }

  private func holdsOnly(_ wanted: Double, _ tensor: Tensor) -> Bool {
    // Most constants are weights, which only packing should read.
    guard tensor.count > 0, tensor.count <= 1 << 16,
      tensor.firstWeight.map({ Double($0) == wanted }) ?? true,
      let values = try? tensor.numericElements()
    else { return false }
    let signCounts = tensor.elementType.isFloatingPoint
    return values.allSatisfy { $0 == wanted && (!signCounts || $0.sign == wanted.sign) }
  }
}

/// An operator that may hand on an input unchanged, type and shape included.
package protocol PassThrough: Operator {
  /// The input that output 0 is, if it is one.
  func passedInput(_ node: GraphNode) -> Int?
}

/// An operator of two operands one of which, with the right value, leaves the other as it is.
package protocol NeutralOperand: Operator {
  /// The value of operand `index` that changes nothing in the other, the sign of a zero included.
  func neutralValue(at index: Int) -> Double?
}
