// Room: Networks. Rows divided by their Euclidean norms, as exporters write it.

internal import Tensors

enum UnitRows {
  /// What `value` is before its last dimension's rows were divided by their norms, and what small
  /// norms are raised to: `x / max(‖x‖, least)`, spelled out.
  static func source(
    of value: ValueID, _ rewriter: inout GraphRewriter
  ) -> (ValueID, least: Float)? {
    guard rewriter.isUsedOnce(value),
      let (quotient, _) = rewriter.producer(of: value, DivOperator.self),
      quotient.inputs.count == 2, let source = quotient.input(0), var norm = quotient.input(1),
      let shape = rewriter.facts(source)?.shape, shape.rank > 0, shape.count > 0,
      rewriter.facts(value)?.shape == shape
    else { return nil }
    if rewriter.isUsedOnce(norm), let (made, _) = rewriter.producer(of: norm, ExpandOperator.self),
      let input = made.input(0)
    {
      norm = input
    }
    guard let (raised, least) = raised(norm, &rewriter),
      let (sum, reduction) = rewriter.producer(of: raised, ReduceL2Operator.self),
      rewriter.isUsedOnce(raised), sum.input(0) == source,
      rewriter.facts(raised)?.shape.dimensions == shape.dimensions.dropLast() + [1],
      let operands = rewriter.operands(of: sum), FactTable.hasNeededContents(sum, operands),
      let reduced = try? reduction.axes.resolve(operands).reduced, reduced == [shape.rank - 1]
    else { return nil }
    return (source, least)
  }

  /// What `value` is before it was raised to a number above zero.
  private static func raised(
    _ value: ValueID, _ rewriter: inout GraphRewriter
  ) -> (ValueID, least: Float)? {
    guard rewriter.isUsedOnce(value), let node = rewriter.producer(of: value) else { return nil }
    if let clip = node.implementation as? ClipOperator, let input = node.input(0),
      rewriter.facts(input)?.elementType == .float32,
      let (low, high) = clip.bounds(of: node, rewriter), low > 0,
      high >= .greatestFiniteMagnitude
    {
      return (input, low)
    }
    guard node.implementation is MaxOperator, node.inputs.count == 2 else { return nil }
    for (own, other) in [(0, 1), (1, 0)] {
      guard let input = node.input(own),
        let number = rewriter.scalar(node.input(other), beside: input), number > 0
      else { continue }
      return (input, Float(number))
    }
    return nil
  }
}
