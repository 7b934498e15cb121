// Room: Networks. The operator ArgMin.

/// The place of the smallest element along an axis.
package struct ArgMinOperator: ArgReduction {
  package let choice: ArgChoice

  package init(_ node: NodeDescription) throws { choice = try ArgChoice(node) }

  package func isBetter<T: Number>(_ a: T, than b: T) -> Bool { a < b }
}
