// Room: Networks. The operator ReduceMax.

package import Tensors

/// The largest value over some axes.
package struct ReduceMaxOperator: ReductionOperator {
  package static let kind = Reduction.maximum
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
