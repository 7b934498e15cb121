// Room: Networks. Which values may lie inside others, so that nothing is copied to join or part them.

internal import Tensors

/// An operator whose output 0 is its inputs one after another.
package protocol JoiningOperator: Operator {
  /// Which inputs lie in the output as they are, from which byte on; nil where they are cut up.
  func joined(_ inputs: Operands) -> [(input: Int, offset: Int)]?
}

/// Values that are parts of others: the inputs of a `Concat`, which then are made where they belong,
/// and what `Slice` and `Split` take out in one piece. The operators stay, and find nothing to do.
struct ValueParts {
  /// How many steps may lie between a value and the one that joins it: an owner lives from its first
  /// part on, which for some networks is most of the time.
  static let reaches = [Int.max, 6, 0]

  private var known: [ValueID: (owner: ValueID, offset: Int)] = [:]

  init() {}

  /// - Parameters:
  ///   - steps: Nodes with what they know of their inputs, in the order of work; nil for what has no
  ///     kernel.
  ///   - reach: One of `reaches`; 0 for what is taken out only.
  ///   - isFree: Whether a value has memory of its own in the arena.
  init(
    _ steps: [(node: GraphNode, operands: Operands?)?], reach: Int, facts: [TensorFacts?],
    isFree: (ValueID) -> Bool
  ) {
    var made: [ValueID: Int] = [:]
    for (position, step) in steps.enumerated() {
      guard let step, let operands = step.operands else { continue }
      join(step.node, operands, position, made, reach, facts, isFree)
      take(step.node, operands, made, facts, isFree)
      for case let value? in step.node.outputs { made[value] = position }
    }
  }

  var isEmpty: Bool { known.isEmpty }

  /// The value that `value` is a part of, itself no part of another, and from which byte on.
  subscript(_ value: ValueID) -> (owner: ValueID, offset: Int)? { known[value] }

  private mutating func join(
    _ node: GraphNode, _ operands: Operands, _ position: Int, _ made: [ValueID: Int],
    _ reach: Int, _ facts: [TensorFacts?], _ isFree: (ValueID) -> Bool
  ) {
    guard reach > 0, let joining = node.implementation as? any JoiningOperator,
      let owner = node.outputs.first ?? nil, isFree(owner),
      let pieces = joining.joined(operands)
    else { return }
    for piece in pieces {
      guard piece.input < node.inputs.count, let value = node.inputs[piece.input],
        let place = made[value], position - place <= reach, isFree(value), known[value] == nil,
        node.inputs.count(where: { $0 == value }) == 1,
        fits(value, in: owner, at: piece.offset, facts)
      else { continue }
      add(value, owner, piece.offset)
    }
  }

  private mutating func take(
    _ node: GraphNode, _ operands: Operands, _ made: [ValueID: Int], _ facts: [TensorFacts?],
    _ isFree: (ValueID) -> Bool
  ) {
    guard let operation = node.implementation.asSelecting,
      node.implementation is SliceOperator || node.implementation is SplitOperator,
      let source = node.inputs.first ?? nil, made[source] != nil, isFree(source),
      let shape = operands[0]?.shape, shape.count > 0
    else { return }
    for (index, output) in node.outputs.enumerated() {
      guard let output, isFree(output), let own = facts[output],
        let selection = operation.selection(operands, output: index),
        var walk = StridedWalk(dense: shape).selecting(selection, own.shape)
      else { continue }
      let offset = walk.offset * own.elementType.byteWidth
      walk.offset = 0
      guard walk.isDense, fits(output, in: source, at: offset, facts) else { continue }
      let whole = known[source] ?? (source, 0)
      add(output, whole.owner, whole.offset + offset)
    }
  }

  /// Whether the piece lies inside, at a place as good as one of its own.
  private func fits(
    _ value: ValueID, in owner: ValueID, at offset: Int, _ facts: [TensorFacts?]
  ) -> Bool {
    guard let part = facts[value], let whole = facts[owner], part.byteCount > 0,
      part.elementType == whole.elementType, part.elementType.byteWidth > 0, offset >= 0,
      offset.isMultiple(of: ArenaLayout.alignment)
    else { return false }
    return offset <= whole.byteCount - part.byteCount
  }

  private mutating func add(_ value: ValueID, _ owner: ValueID, _ offset: Int) {
    // What lies inside it moves along.
    for (part, place) in known where place.owner == value {
      known[part] = (owner, offset + place.offset)
    }
    known[value] = (owner, offset)
  }
}
