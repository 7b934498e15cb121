// Room: Networks. The operator ReduceSum.

/// The sum over some axes.
package struct ReduceSumOperator: ReductionOperator {
  package static let kind = ReductionKind.sum
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
