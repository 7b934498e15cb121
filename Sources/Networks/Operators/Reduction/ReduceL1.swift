// Room: Networks. The operator ReduceL1.

package import Tensors

/// The sum of magnitudes over some axes.
package struct ReduceL1Operator: ReductionOperator {
  package static let kind = Reduction.sumOfMagnitudes
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
