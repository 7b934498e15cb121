// Room: Networks. The operator ReduceSumSquare.

/// The sum of squares over some axes.
package struct ReduceSumSquareOperator: ReductionOperator {
  package static let kind = ReductionKind.sumOfSquares
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
