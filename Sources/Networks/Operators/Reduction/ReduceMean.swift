// Room: Networks. The operator ReduceMean.

/// The mean over some axes.
package struct ReduceMeanOperator: ReductionOperator {
  package static let kind = ReductionKind.mean
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
