// Room: Networks. The operator ReduceProd.

/// The product over some axes.
package struct ReduceProdOperator: ReductionOperator {
  package static let kind = ReductionKind.product
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
