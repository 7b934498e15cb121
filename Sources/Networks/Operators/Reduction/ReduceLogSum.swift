// Room: Networks. The operator ReduceLogSum.

/// The logarithm of the sum over some axes.
package struct ReduceLogSumOperator: ReductionOperator {
  package static let kind = ReductionKind.logSum
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
