// Room: Networks. The operator CumSum.

/// Running sums along an axis.
package struct CumSumOperator: CumulativeOperator {
  package let direction: CumulativeDirection

  package init(_ node: NodeDescription) throws { direction = try CumulativeDirection(node) }

  package func combine<T: Number>(_ a: T, _ b: T) -> T { T.adding(a, b) }
  package func identity<T: Number>(_: T.Type) -> T { .zero }
}
