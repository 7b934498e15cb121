// Room: Networks. The operator ReduceProd.

package import Tensors

/// The product over some axes.
package struct ReduceProdOperator: ReductionOperator {
  package static let kind = Reduction.product
  package let axes: ReducedAxes

  package init(_ node: NodeDescription) throws { axes = try ReducedAxes(node) }
}
