// Room: Networks. The operator ReduceMax.

/// The largest value over some axes.
package struct ReduceMaxOperator: ReductionOperator {
  package static let kind = ReductionKind.maximum
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
