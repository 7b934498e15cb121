// Room: Networks. The operator ReduceLogSumExp.

/// The logarithm of the sum of exponentials over some axes.
package struct ReduceLogSumExpOperator: ReductionOperator {
  package static let kind = ReductionKind.logSumExp
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
