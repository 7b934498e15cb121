// Room: Networks. Where the elements of a value lie before they are moved about.

internal import Tensors

/// A value seen as elements of an earlier one.
struct StridedSource {
  var value: ValueID
  var walk: StridedWalk
  /// How many nodes that copy elements lie between.
  var copies: Int

  /// Follows `value` back through nodes that only choose, order or reshape elements.
  ///
  /// Facts must be known all the way; where strides cannot say it, the value itself is the source.
  /// `aliases` are values in whose place others of the same shape are read.
  static func trace(
    _ value: ValueID, _ rewriter: inout GraphRewriter, depth: Int = 16,
    aliases: [ValueID: ValueID] = [:]
  ) -> StridedSource? {
    let value = aliases[value] ?? value
    guard let facts = rewriter.facts(value), facts.shape.count > 0 else { return nil }
    let own = StridedSource(value: value, walk: StridedWalk(dense: facts.shape), copies: 0)
    guard depth > 0, rewriter.constant(value) == nil, let node = rewriter.producer(of: value),
      let input = node.input(0), let operands = rewriter.operands(of: node),
      FactTable.hasNeededContents(node, operands),
      operands[0]?.elementType == facts.elementType
    else { return own }
    if node.implementation.viewedInput(operands) == 0 {
      guard var inner = trace(input, &rewriter, depth: depth - 1, aliases: aliases),
        let walk = inner.walk.reshaped(to: facts.shape)
      else { return own }
      inner.walk = walk
      return inner
    }
    guard let operation = node.implementation.asSelecting,
      let output = node.outputs.firstIndex(of: value),
      let selection = operation.selection(operands, output: output),
      var inner = trace(input, &rewriter, depth: depth - 1, aliases: aliases),
      let walk = inner.walk.selecting(selection, facts.shape)
    else { return own }
    inner.walk = walk
    inner.copies += 1
    return inner
  }
}

extension StridedWalk {
  /// How `node` walks through its input 0 to make `output`, of `shape`; nil where it makes something
  /// else of it.
  init?(of node: GraphNode, _ output: ValueID, _ operands: Operands, _ shape: Shape) {
    if let movement = node.implementation as? FusedMovement {
      self = movement.walk
    } else if let operation = node.implementation.asSelecting, let source = operands[0],
      let place = node.outputs.firstIndex(of: output),
      let selection = operation.selection(operands, output: place),
      let chosen = StridedWalk(dense: source.shape).selecting(selection, shape)
    {
      self = chosen
    } else {
      return nil
    }
  }
}
