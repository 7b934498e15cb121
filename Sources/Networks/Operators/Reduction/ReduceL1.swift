// Room: Networks. The operator ReduceL1.

/// The sum of magnitudes over some axes.
package struct ReduceL1Operator: ReductionOperator {
  package static let kind = ReductionKind.sumOfMagnitudes
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
