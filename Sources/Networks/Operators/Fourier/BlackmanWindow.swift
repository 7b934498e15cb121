// Room: Networks. The operator BlackmanWindow.

/// A Blackman window of a given length.
package struct BlackmanWindowOperator: WindowFunction {
  package static let coefficients: [Double] = [0.42, 0.5, 0.08]
  package let attributes: WindowFunctionAttributes

  package init(_ node: NodeDescription) throws { attributes = try WindowFunctionAttributes(node) }
}
