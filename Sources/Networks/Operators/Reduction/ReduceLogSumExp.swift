// Room: Networks. The operator ReduceLogSumExp.

package import Tensors

/// The logarithm of the sum of exponentials over some axes.
package struct ReduceLogSumExpOperator: ReductionOperator {
  package static let kind = Reduction.logarithmOfSumOfExponentials
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
