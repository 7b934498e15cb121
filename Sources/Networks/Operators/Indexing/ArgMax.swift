// Room: Networks. The operator ArgMax.

/// The place of the largest element along an axis.
package struct ArgMaxOperator: ArgReduction {
  package let choice: ArgChoice

  package init(_ node: NodeDescription) throws { choice = try ArgChoice(node) }

  package func isBetter<T: Number>(_ a: T, than b: T) -> Bool { a > b }
}
