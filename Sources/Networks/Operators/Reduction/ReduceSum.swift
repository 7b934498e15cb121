// Room: Networks. The operator ReduceSum.

package import Tensors

/// The sum over some axes.
package struct ReduceSumOperator: ReductionOperator {
  package static let kind = Reduction.sum
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
