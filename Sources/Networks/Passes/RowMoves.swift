// Room: Networks. Which rows of an earlier value the rows of a value are.

internal import Tensors

/// A movement of whole rows: transpositions of outer dimensions, slices, pads and cyclic shifts.
enum RowMove: Hashable {
  /// Rows walked with strides, counted in rows.
  case walk(StridedWalk)
  /// Rows chosen by a table for each axis; -1 for a zero.
  case tables([[Int]], lengths: [Int])

  /// What `node` does to rows of `width` elements of its input 0; nil when it does not move whole
  /// rows.
  init?(_ node: GraphNode, output: ValueID, width: Int, _ rewriter: inout GraphRewriter) {
    guard width > 0, let facts = rewriter.facts(output), facts.shape.count > 0,
      facts.shape.dimensions.last == width, let operands = rewriter.operands(of: node),
      FactTable.hasNeededContents(node, operands), let source = operands[0],
      source.shape.dimensions.last == width
    else { return nil }
    if let selection = node.implementation as? FusedSelection {
      guard selection.maps.last?.elementsEqual(0..<width) ?? false else { return nil }
      self = .tables(
        Array(selection.maps.dropLast()), lengths: Array(source.shape.dimensions.dropLast()))
      return
    }
    if let pad = node.implementation as? PadOperator {
      guard let maps = pad.selection(operands), maps.last?.elementsEqual(0..<width) ?? false
      else { return nil }
      self = .tables(Array(maps.dropLast()), lengths: Array(source.shape.dimensions.dropLast()))
      return
    }
    guard var walk = StridedWalk(of: node, output, operands, facts.shape) else { return nil }
    guard walk.shape.last == width, width == 1 || walk.strides.last == 1,
      walk.offset.isMultiple(of: width),
      walk.strides.dropLast().allSatisfy({ $0.isMultiple(of: width) })
    else { return nil }
    walk.shape.removeLast()
    walk.strides = walk.strides.dropLast().map { $0 / width }
    walk.offset /= width
    self = .walk(walk)
  }

  /// The source's row for each row of the result.
  var list: RowList {
    switch self {
    case .walk(let walk):
      return RowList(
        Self.sums(
          walk.offset,
          zip(walk.shape, walk.strides).map { length, stride in
            (0..<length).map { $0 * stride }
          }))
    case .tables(let tables, let lengths):
      var stride = 1
      var axes: [[Int]] = []
      for (table, length) in zip(tables, lengths).reversed() {
        axes.append(table.map { $0 < 0 ? -1 : $0 * stride })
        stride *= length
      }
      return RowList(Self.sums(0, axes.reversed()))
    }
  }

  /// How many rows the result has.
  var count: Int {
    switch self {
    case .walk(let walk): walk.shape.reduce(1, *)
    case .tables(let tables, _): tables.reduce(1) { $0 * $1.count }
    }
  }

  /// All sums of one entry of each axis, in order; -1 where one of them is.
  private static func sums(_ start: Int, _ axes: [[Int]]) -> [Int32] {
    var result = [Int32(truncatingIfNeeded: start)]
    for axis in axes {
      var next: [Int32] = []
      next.reserveCapacity(result.count * axis.count)
      let entries = axis.map { Int32(truncatingIfNeeded: $0) }
      let isWhole = !axis.contains { $0 < 0 }
      for sum in result {
        if sum >= 0, isWhole {
          for entry in entries { next.append(sum &+ entry) }
        } else {
          for entry in entries { next.append(sum < 0 || entry < 0 ? -1 : sum &+ entry) }
        }
      }
      result = next
    }
    return result
  }
}

/// Lists of rows that moves in a row make, each made once.
struct RowLists {
  private var known: [[RowMove]: RowList] = [:]

  /// The list of what `moves`, the last one first, take from a source of `count` rows; nil for all
  /// rows in order.
  mutating func list(_ moves: [RowMove], of count: Int) -> RowList? {
    guard let last = moves.first else { return nil }
    if let made = known[moves] { return made.isWhole(count) ? nil : made }
    var list = last.list
    for move in moves.dropFirst() { list = move.list.chosen(by: list) }
    known[moves] = list
    return list.isWhole(count) ? nil : list
  }
}
