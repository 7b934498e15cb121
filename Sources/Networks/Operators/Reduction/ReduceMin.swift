// Room: Networks. The operator ReduceMin.

package import Tensors

/// The smallest value over some axes.
package struct ReduceMinOperator: ReductionOperator {
  package static let kind = Reduction.minimum
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
