// Room: Networks. What attention reads its queries, keys or values from.

internal import Tensors

/// An operand of attention where its elements lie, as far back as its matrices have neighbours in
/// memory.
struct AttentionOperand {
  var value: ValueID
  var walk: StridedWalk
  /// What it is divided by where its norm is smaller; nil where it is no quotient by its norm.
  var leastNorm: Float?
  /// What it is multiplied by.
  var factor = 1.0
  var lead: [Int] { Array(walk.shape.dropLast(2)) }

  /// `aliases` are values in whose place others of the same shape are read.
  init?(_ value: ValueID, _ rewriter: inout GraphRewriter, aliases: [ValueID: ValueID] = [:]) {
    guard let facts = rewriter.facts(value), facts.shape.rank >= 2 else { return nil }
    if let source = StridedSource.trace(value, &rewriter, aliases: aliases),
      Self.isMatrix(source.walk)
    {
      (self.value, walk) = (source.value, source.walk)
    } else {
      (self.value, walk) = (value, StridedWalk(dense: facts.shape))
    }
  }

  /// The same for an operand that may be multiplied by a number, or divided by its norms along
  /// `size`, the last dimension but one (0) or the last (1), before its elements are moved about.
  init?(unit value: ValueID, size: Int, _ rewriter: inout GraphRewriter) {
    var aliases: [ValueID: ValueID] = [:]
    var factor = 1.0
    var least: Float?
    while aliases.count < 4, least == nil,
      let traced = StridedSource.trace(value, &rewriter, aliases: aliases)
    {
      if let (source, number) = Self.scaled(traced.value, &rewriter) {
        aliases[traced.value] = source
        factor *= number
      } else if let (source, norm) = UnitRows.source(of: traced.value, &rewriter),
        let length = rewriter.facts(source)?.shape.dimensions.last,
        traced.walk.shape.count >= 2, case let axis = traced.walk.shape.count - 2 + size,
        traced.walk.shape[axis] == length, traced.walk.strides[axis] == 1
      {
        aliases[traced.value] = source
        least = norm
      } else {
        break
      }
    }
    guard !aliases.isEmpty,
      let own = AttentionOperand(value, &rewriter, aliases: aliases), own.value != value,
      least == nil || own.walk.strides[own.walk.shape.count - 2 + size] == 1
    else {
      self.init(value, &rewriter)
      return
    }
    self = own
    (leastNorm, self.factor) = (least, factor)
  }

  /// What `value` is before it was multiplied or divided by a number.
  private static func scaled(
    _ value: ValueID, _ rewriter: inout GraphRewriter
  ) -> (ValueID, number: Double)? {
    guard rewriter.isUsedOnce(value), let node = rewriter.producer(of: value),
      node.inputs.count == 2, let shape = rewriter.facts(value)?.shape
    else { return nil }
    let isProduct = node.implementation is MulOperator
    guard isProduct || node.implementation is DivOperator else { return nil }
    for (own, other) in isProduct ? [(0, 1), (1, 0)] : [(0, 1)] {
      guard let source = node.input(own), rewriter.facts(source)?.shape == shape,
        let number = rewriter.scalar(node.input(other), beside: source), isProduct || number != 0
      else { continue }
      return (source, isProduct ? number : 1 / number)
    }
    return nil
  }

  /// Whether one of the last two dimensions runs from element to element and the other far enough.
  private static func isMatrix(_ walk: StridedWalk) -> Bool {
    let rank = walk.shape.count
    guard rank >= 2, walk.strides.allSatisfy({ $0 >= 0 && $0 <= Int(Int32.max) }) else {
      return false
    }
    let (rows, columns) = (walk.shape[rank - 2], walk.shape[rank - 1])
    let (row, column) = (walk.strides[rank - 2], walk.strides[rank - 1])
    guard rows > 1, columns > 1 else { return false }
    return column == 1 && row >= columns || row == 1 && column >= rows
  }
}
