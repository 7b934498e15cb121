// Room: Networks. The operator ReduceLogSum.

package import Tensors

/// The logarithm of the sum over some axes.
package struct ReduceLogSumOperator: ReductionOperator {
  package static let kind = Reduction.logarithmOfSum
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
