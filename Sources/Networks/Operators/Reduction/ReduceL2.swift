// Room: Networks. The operator ReduceL2.

package import Tensors

/// The square root of the sum of squares over some axes.
package struct ReduceL2Operator: ReductionOperator {
  package static let kind = Reduction.rootOfSquares
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
