// Room: Networks. The operator HannWindow.

/// A Hann window of a given length.
package struct HannWindowOperator: WindowFunction {
  package static let coefficients: [Double] = [0.5, 0.5]
  package let attributes: WindowFunctionAttributes

  package init(_ node: NodeDescription) throws { attributes = try WindowFunctionAttributes(node) }
}
