// Room: Networks. The operator ReduceSumSquare.

package import Tensors

/// The sum of squares over some axes.
package struct ReduceSumSquareOperator: ReductionOperator {
  package static let kind = Reduction.sumOfSquares
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
