// Room: Networks. The operator ReduceMean.

package import Tensors

/// The mean over some axes.
package struct ReduceMeanOperator: ReductionOperator {
  package static let kind = Reduction.mean
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
