// Room: Networks. The operator CumProd.

/// Running products along an axis.
package struct CumProdOperator: CumulativeOperator {
  package let direction: CumulativeDirection

  package init(_ node: NodeDescription) throws { direction = try CumulativeDirection(node) }

  package func combine<T: Number>(_ a: T, _ b: T) -> T { T.multiplying(a, b) }
  package func identity<T: Number>(_: T.Type) -> T { .one }
}
